package mailbox_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/mailbox"
)

// storm is a mailbox under attack from all sides at once. Its durations are whole
// milliseconds of a bubble's time, so that many goroutines wake together.
type storm struct {
	t       *testing.T
	mb      *mailbox.Mailbox[*call]
	workers sync.WaitGroup

	mu      sync.Mutex
	servers map[*mailbox.Worker[*call]]*server
}

// call is a request whose answers are counted.
type call struct {
	mailbox.Entry[*call]
	answers  atomic.Int32
	answered chan struct{}
}

func newCall() *call {
	c := &call{answered: make(chan struct{}, 10)}
	c.Value = c
	return c
}

func (c *call) answer() {
	c.answers.Add(1)
	c.answered <- struct{}{}
}

// later is a random time of 1 to most milliseconds. It is never zero: a timer that
// fires as it is made can crash Go 1.26's race detector in a bubble.
func later(most int) time.Duration { return time.Duration(1+rand.IntN(most)) * time.Millisecond }

func pause(most int) { time.Sleep(time.Duration(rand.IntN(most+1)) * time.Millisecond) }

func TestEverySenderGetsExactlyOneAnswerInAStorm(t *testing.T) {
	const senders, each = 50, 200
	synctest.Test(t, func(t *testing.T) {
		s := &storm{t: t, mb: mailbox.New[*call](mailbox.Limits{Concurrency: 4, BufferSize: 8}),
			servers: map[*mailbox.Worker[*call]]*server{}}
		s.start(4)
		calls := make([][]*call, senders)
		var sending, meddling sync.WaitGroup
		for i := range calls {
			sending.Go(func() { calls[i] = s.send(each) })
		}
		over := make(chan struct{})
		for _, meddle := range []func(){s.resize, s.flip, s.stopOne, s.look} {
			meddling.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						meddle()
						pause(5)
					}
				}
			})
		}
		sending.Wait()
		close(over)
		meddling.Wait()
		s.end()
		for _, of := range calls {
			for _, c := range of {
				if n := c.answers.Load(); n != 1 {
					t.Fatalf("%d answers, want exactly one", n)
				}
			}
		}
		if n := s.mb.Stats().Offered; n != senders*each {
			t.Fatalf("%d offered, want %d", n, senders*each)
		}
	})
}

// end closes the mailbox once all senders are answered. What their workers still
// hold is finished.
func (s *storm) end() {
	for _, r := range s.mb.Close() {
		r.Entry.Value.answer()
	}
	<-s.mb.Idle()
	s.mu.Lock()
	for _, w := range s.servers {
		w.stop()
	}
	s.mu.Unlock()
	s.workers.Wait()
	st := s.mb.Stats()
	if !st.Balanced() || st.Waiting+st.Queued+st.BackingOff+st.InHand+st.Workers+st.Restarting != 0 {
		s.t.Fatalf("not at rest: %+v", st)
	}
}

func (s *storm) send(n int) (sent []*call) {
	for range n {
		c := newCall()
		sent = append(sent, c)
		sender := mailbox.Blocks
		if rand.IntN(4) == 0 {
			sender = []mailbox.Sender{mailbox.CannotBlock, mailbox.Gone}[rand.IntN(2)]
		}
		switch v, _ := s.mb.Offer(&c.Entry, sender); v {
		case mailbox.Refused, mailbox.Left:
			c.answer()
		case mailbox.Waits:
			ticket := c.Ticket()
			time.AfterFunc(later(6), func() {
				if _, ok := s.mb.Expire(&c.Entry, ticket); ok {
					c.answer()
				}
			})
			fallthrough
		default:
			s.await(c)
		}
		pause(20)
	}
	return sent
}

// await waits for the answer, or leaves.
func (s *storm) await(c *call) {
	patience := time.NewTimer(later(30))
	defer patience.Stop()
	select {
	case <-c.answered:
	case <-patience.C:
		if s.mb.Leave(&c.Entry) != mailbox.Answered {
			c.answer()
		}
		<-c.answered
	}
}

func (s *storm) resize() {
	missing, retired := s.mb.Resize(mailbox.Limits{Concurrency: 1 + rand.IntN(8), BufferSize: 1 + rand.IntN(16),
		Drop: rand.IntN(4) == 0, MaxWaiting: rand.IntN(2) * 20})
	for _, slot := range retired {
		s.mu.Lock()
		if w := s.servers[slot]; w != nil { // else it has stopped meanwhile
			w.stop()
		}
		s.mu.Unlock()
	}
	s.start(missing)
}

func (s *storm) flip() { s.mb.SetDrop(rand.IntN(4) == 0) }

// look checks what must hold at any moment.
func (s *storm) look() {
	if st := s.mb.Stats(); !st.Balanced() {
		s.t.Errorf("the sums do not hold: %+v", st)
	}
	s.mb.EachFree(func(w *mailbox.Worker[*call], idle int) {
		if w == nil || idle < 0 {
			s.t.Error("visited nobody")
		}
	})
}

// stopOne stops any worker, whatever it does, and has it replaced.
func (s *storm) stopOne() {
	s.mu.Lock()
	for _, w := range s.servers {
		w.stop()
		break
	}
	s.mu.Unlock()
	s.start(s.mb.Missing())
}
