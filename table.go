package bifrost

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"bifrost/actors"
	"bifrost/schemas"
)

// table is what requests are answered by: one version of the providers and aliases. It is
// never changed, but replaced as a whole, so that a request sees the same one from its
// beginning until its answer, a stream's first byte, is there. A provider that a new table
// lacks is stopped when the last request that began on an older one has its answer.
type table struct {
	version int // of the configuration: one more with each Reconfigure
	account schemas.Account
	routes  map[string]Router
	aliases map[string]schemas.Alias
	running map[string]running // what the providers of this client run on, by name

	users atomic.Int64  // requests that began on it, plus one while it is the current one
	idle  chan struct{} // closed when there are none
	once  sync.Once
}

// running is what a provider was started or configured with last.
type running struct {
	settings schemas.ProviderConfig
	keys     []schemas.Key
	files    string // what the files that settings name held then
}

// begin returns the current table for one request, which ends by leave.
func (c *Client) begin() *table {
	for {
		t := c.table.Load()
		t.users.Add(1)
		// Who replaced it has, or will have, seen this use only if it is still there.
		if c.table.Load() == t {
			return t
		}
		t.leave()
	}
}

// leave ends one use.
func (t *table) leave() {
	if t.users.Add(-1) == 0 {
		t.once.Do(func() { close(t.idle) })
	}
}

// local returns the provider's router if it is one of this client's own.
func (t *table) local(name string) (*actors.Router, bool) {
	r, ok := t.routes[name].(*actors.Router)
	return r, ok
}

// replace puts a table into force that change has made of a copy of the current one, and
// returns the older ones that requests are still answered by. False of change, which runs
// under c.mu, leaves all as it is.
func (c *Client) replace(change func(next *table) bool) (older []*table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.table.Load()
	next := newTable(old.account)
	next.version, next.aliases = old.version, old.aliases
	next.routes, next.running = maps.Clone(old.routes), maps.Clone(old.running)
	if !change(next) {
		return nil
	}
	c.table.Store(next)
	old.leave()
	c.older = slices.DeleteFunc(append(c.older, old), (*table).isIdle)
	return slices.Clone(c.older)
}

func (t *table) isIdle() bool { return isClosed(t.idle) }

func newTable(account schemas.Account) *table {
	t := &table{account: account, routes: make(map[string]Router), running: make(map[string]running), idle: make(chan struct{})}
	t.users.Store(1)
	return t
}
