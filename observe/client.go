package observe

import "sync"

// maxClients bounds how many clients are counted by their own name: embedding programs,
// and other nodes, may name as many as they like.
const maxClients = 500

// otherClient stands for all further ones.
const otherClient = "other"

// client is what is kept of one client of the gateway (a tenant).
type client struct {
	mu       sync.Mutex
	inFlight int
	outcomes map[outcome]uint64
	refused  map[string]uint64 // by reason
	tokens   tokens
}

// client returns what is kept of a client; nil for none.
func (r *Recorder) client(name string) *client {
	if name == "" {
		return nil
	}
	all := *r.clients.Load()
	if c := all[name]; c != nil {
		return c
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(*r.clients.Load()) >= maxClients {
		name = otherClient
	}
	return added(&r.clients, name, func() *client {
		return &client{outcomes: map[outcome]uint64{}, refused: map[string]uint64{}}
	})
}

func (c *client) begin() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.inFlight++
	c.mu.Unlock()
}

func (c *client) end(e *ending) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	c.outcomes[e.outcome]++
	if e.outcome == refused {
		c.refused[string(e.fault.Reason)]++
	}
	c.tokens.add(e.tokens)
}
