package mailbox_test

import (
	"math/rand/v2"
	"sync"
	"time"

	"bifrost/mailbox"
)

// server is one worker of a storm, with a goroutine of its own.
type server struct {
	storm *storm
	slot  *mailbox.Worker[*call]
	inbox chan *call // capacity 1: hand must not block

	stopOnce sync.Once
	stopping chan struct{}
}

func (s *storm) start(n int) {
	for range n {
		w := &server{storm: s, inbox: make(chan *call, 1), stopping: make(chan struct{})}
		w.slot = mailbox.NewWorker(func(e *mailbox.Entry[*call]) { w.inbox <- e.Value })
		s.mu.Lock()
		s.servers[w.slot] = w
		s.mu.Unlock()
		s.workers.Go(w.run)
	}
}

func (w *server) stop() { w.stopOnce.Do(func() { close(w.stopping) }) }

// run serves until the worker is stopped or retires, and gives back what it was
// handed last.
func (w *server) run() {
	for !w.serveAll(w.storm.mb.Ready(w.slot)) {
	}
	if held, mine := w.storm.mb.Stopped(w.slot); mine {
		held.Value.answer()
	}
	w.storm.mu.Lock()
	delete(w.storm.servers, w.slot)
	w.storm.mu.Unlock()
}

// serveAll serves until the worker has panicked (false), or is over (true).
func (w *server) serveAll(next mailbox.Next[*call]) (over bool) {
	for {
		switch {
		case next.Retire:
			return true
		case next.Entry == nil:
			select {
			case c := <-w.inbox:
				next.Entry = &c.Entry
			case <-w.stopping:
				return true
			}
		}
		var panicked bool
		if next, panicked = w.serve(next.Entry.Value); panicked {
			pause(3)
			return false
		}
	}
}

// serve ends the entry in any of the ways that there are.
func (w *server) serve(c *call) (next mailbox.Next[*call], panicked bool) {
	mb := w.storm.mb
	ticket := c.Ticket()
	pause(2)
	won := false
	switch dice := rand.IntN(20); {
	case dice == 0:
		won, panicked = mb.Panicked(w.slot), true
	case dice < 4:
		next, _ = mb.Backoff(w.slot)
		time.AfterFunc(later(4), func() { mb.Due(&c.Entry, ticket) })
	case dice < 7:
		if mb.Reply(&c.Entry) {
			c.answer()
			pause(2)
		}
		next, won = mb.Finish(w.slot, mailbox.Failed)
	default:
		next, won = mb.Finish(w.slot, mailbox.Outcome(rand.IntN(3)))
	}
	if won {
		c.answer()
	}
	return next, panicked
}
