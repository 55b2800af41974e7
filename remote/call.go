package remote

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

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

	usage atomic.Pointer[schemas.Usage] // of an answer that streams, from its end on

	mu       sync.Mutex // guards what follows
	inbox    []proto.Message
	held     int   // bytes in inbox
	window   int   // bytes that may be there at most
	err      error // what follows the inbox
	ended    bool
	unbegun  bool          // the peer has not asked yet
	notify   chan struct{} // capacity 1
	consumed int           // bytes taken out and not granted again
	granted  time.Time     // when bytes were last granted
	opened   bool          // the Response has come
	empty    int           // chunks without content in inbox, at most
	unfollow func() bool   // ends what the end of the caller's context does; nil: nothing
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
	switch {
	case c.err != nil || c.ended:
		c.mu.Unlock()
		return
	case c.held+bytes > c.window || !c.expectsLocked(m, bytes):
		c.mu.Unlock()
		c.stop(errOverrun(c.link.peer.address), failed)
		return
	case !last && isEmpty(m):
		c.mu.Unlock()
		return // it says nothing
	}
	c.held += bytes
	c.ended = last
	c.mu.Unlock()
	if last { // it is counted before its caller has it
		c.leave(how)
	}
	c.mu.Lock()
	if n := len(c.inbox); n == 0 || !join(c.inbox[n-1], m) {
		c.inbox = append(c.inbox, m)
	}
	c.mu.Unlock()
	c.signal()
}

// expectsLocked reports whether a message has its place here: an answer begins once, and
// no message has much beside the bytes that were granted.
func (c *call) expectsLocked(m proto.Message, bytes int) bool {
	m.ProtoReflect().SetUnknown(nil)
	part, ok := m.(*v1.ResponsePart)
	if !ok {
		first := !c.opened
		c.opened = c.opened || isResponse(m)
		return (first || !isResponse(m)) && proto.Size(m)-bytes <= maxMessageBytes
	}
	for _, chunk := range part.Chunks {
		if len(chunk) == 0 { // which no window counts
			c.empty++
		}
	}
	return c.opened && c.empty <= maxEmpty && (part.Error == nil || proto.Size(part.Error) <= maxMessageBytes) &&
		(part.Usage == nil || part.Last && proto.Size(part.Usage) <= maxUsageBytes)
}

// maxUsageBytes is more than the counts of an answer take.
const maxUsageBytes = 1 << 10

// maxEmpty is how many chunks without content may wait.
const maxEmpty = 4096

// isEmpty reports whether a message is a part of an answer with nothing in it.
func isEmpty(m proto.Message) bool {
	part, ok := m.(*v1.ResponsePart)
	return ok && len(part.Data) == 0 && len(part.Chunks) == 0
}

func isResponse(m proto.Message) bool {
	_, ok := m.(*v1.Response)
	return ok
}

// join puts small pieces of a body, or of a stream, together: each message of its own
// would take far more memory than its bytes, which are what was granted.
func join(last, next proto.Message) bool {
	a, ok := last.(*v1.ResponsePart)
	b, too := next.(*v1.ResponsePart)
	if !ok || !too || a.Last || a.Error != nil || b.Last || b.Error != nil {
		return false
	}
	switch {
	case len(a.Chunks) == 0 && len(b.Chunks) == 0 && len(b.Data) <= joinBytes && len(a.Data) < pieceBytes:
		a.Data = append(a.Data, b.Data...)
	case len(a.Chunks) > 0 && len(a.Chunks) < 1024 && len(b.Data) == 0:
		a.Chunks = append(a.Chunks, b.Chunks...)
	default:
		return false
	}
	return true
}

// joinBytes is up to what a piece is copied to the one before it.
const joinBytes = 1 << 10

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
			if c.inbox = c.inbox[1:]; len(c.inbox) == 0 {
				c.empty = 0
			}
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

// grantEvery is how long a reader's progress may go unsaid: a slow one must not be taken
// there for one that does not read at all.
const grantEvery = 5 * time.Second

// read notes that so many bytes have been taken out for good, and grants them again
// when they are worth a message.
func (c *call) read(bytes int) {
	c.mu.Lock()
	c.held -= bytes
	c.consumed += bytes
	grant := 0
	now := time.Now()
	if c.consumed >= windowBytes/2 || now.Sub(c.granted) >= grantEvery {
		grant, c.consumed, c.granted = c.consumed, 0, now
	}
	if c.ended {
		grant = 0
	}
	c.mu.Unlock()
	if grant > 0 {
		c.link.post(c.link.peer.pid, &v1.Grant{Call: c.id, Bytes: uint64(grant)})
	}
}

// stop gives the call up: who takes from it has err, and the peer is told.
func (c *call) stop(err error, how outcome) {
	c.mu.Lock()
	first := !c.ended
	c.ended = true
	c.mu.Unlock()
	if first {
		c.link.post(c.link.peer.pid, &v1.Cancel{Call: c.id})
		c.leave(how)
	}
	c.fail(err)
}

// fail is what follows the inbox from now on, unless something does already.
func (c *call) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.signal()
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

// lost ends the call with its link, or because the peer has given it up, and reports
// whether it had not ended before. It is not begun there any more.
func (c *call) lost(err *schemas.Error) bool {
	c.mu.Lock()
	first := !c.ended
	c.ended = true
	if c.unbegun {
		err = unsentError(err)
	}
	c.mu.Unlock()
	if first {
		c.leave(failed)
		c.fail(err)
	}
	return first
}

// leave returns the credit of a call that has just ended, and counts it.
func (c *call) leave(how outcome) {
	c.link.leave(c)
	c.mu.Lock()
	unfollow := c.unfollow
	c.unfollow = nil
	c.mu.Unlock()
	if unfollow != nil {
		unfollow()
	}
	c.end(how)
}

func (c *call) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// follow makes the end of ctx the end of the call. The call's own end ends that.
func (c *call) follow(ctx context.Context, ended func() error) {
	unfollow := context.AfterFunc(ctx, func() { c.stop(ended(), cancelled) })
	c.mu.Lock()
	over := c.ended
	if !over {
		c.unfollow = unfollow
	}
	c.mu.Unlock()
	if over {
		unfollow()
	}
}
