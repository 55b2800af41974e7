package remote

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// call is a request of ours that is with a peer. What comes for it is put into its inbox
// by the connection's reader, which never waits: the peer sends no more than it was
// granted. One goroutine takes it out.
type call struct {
	id   uint64
	link *link
	hops uint32        // how many nodes have passed it on
	asks bool          // the peer asks before it begins
	end  func(outcome) // returns its credit and counts it; runs once

	mu       sync.Mutex // guards what follows
	inbox    []proto.Message
	held     int   // bytes in inbox
	window   int   // bytes that may be there at most
	err      error // what follows the inbox
	ended    bool
	unbegun  bool          // the peer has not asked yet
	notify   chan struct{} // capacity 1
	consumed int           // bytes taken out and not granted again
}

// outcome is how a call ended.
type outcome int

const (
	completed outcome = iota
	failed
	cancelled
	deadLettered
)

// put takes a message of the peer's. It is the call's last one if last says so.
func (c *call) put(m proto.Message, bytes int, last bool, how outcome) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	if c.held+bytes > c.window {
		c.mu.Unlock()
		c.stop(errOverrun(c.link.peer.address), failed)
		return
	}
	c.held += bytes
	c.inbox = append(c.inbox, m)
	c.mu.Unlock()
	c.signal()
	if last {
		c.finish(how)
	}
}

func (c *call) signal() {
	select {
	case c.notify <- struct{}{}:
	default:
	}
}

// take returns the next message of the peer's; it waits for it. What lies there already
// comes before the error with which the call ended.
func (c *call) take() (proto.Message, error) {
	for {
		c.mu.Lock()
		if len(c.inbox) > 0 {
			m := c.inbox[0]
			c.inbox[0] = nil
			c.inbox = c.inbox[1:]
			c.mu.Unlock()
			return m, nil
		}
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return nil, err
		}
		<-c.notify
	}
}

// read notes that so many bytes have been taken out for good, and grants them again
// when they are worth a message.
func (c *call) read(bytes int) {
	c.mu.Lock()
	c.held -= bytes
	c.consumed += bytes
	grant := 0
	if c.consumed >= windowBytes/2 && !c.ended {
		grant, c.consumed = c.consumed, 0
	}
	c.mu.Unlock()
	if grant > 0 {
		c.link.post(c.link.peer.pid, &v1.Grant{Call: c.id, Bytes: uint64(grant)})
	}
}

// finish ends the call regularly: nothing more comes.
func (c *call) finish(how outcome) {
	if c.close() {
		c.end(how)
	}
}

// stop gives the call up: who takes from it has err, and the peer is told.
func (c *call) stop(err error, how outcome) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.signal()
	if c.close() {
		c.link.post(c.link.peer.pid, &v1.Cancel{Call: c.id})
		c.end(how)
	}
}

// begin lets the peer begin the call, unless it is over.
func (c *call) begin() {
	c.mu.Lock()
	over := c.ended
	if !over {
		c.unbegun = false
	}
	c.mu.Unlock()
	if !over {
		c.link.post(c.link.peer.pid, &v1.Begun{Call: c.id})
	}
}

// lost ends the call with its link.
func (c *call) lost(err *schemas.Error) {
	c.mu.Lock()
	if c.unbegun && err.MayHaveStarted {
		e := *err
		e.MayHaveStarted = false
		err = &e
	}
	if c.err == nil && !c.ended {
		c.err = err
	}
	c.mu.Unlock()
	c.signal()
	if c.close() {
		c.end(failed)
	}
}

// close reports whether it was the one that ended the call.
func (c *call) close() bool {
	c.mu.Lock()
	first := !c.ended
	c.ended = true
	c.mu.Unlock()
	if first {
		c.link.leave(c)
	}
	return first
}

func (c *call) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// follow makes the end of ctx the end of the call; stop ends that.
func (c *call) follow(ctx context.Context, ended func() error) (stop func() bool) {
	return context.AfterFunc(ctx, func() { c.stop(ended(), cancelled) })
}
