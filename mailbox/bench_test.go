package mailbox_test

import (
	"testing"

	"bifrost/mailbox"
)

// bare is a mailbox with one worker that does nothing with what it is given.
func bare(l mailbox.Limits) (*mailbox.Mailbox[int], *mailbox.Worker[int]) {
	mb := mailbox.New[int](l)
	w := mailbox.NewWorker(func(*mailbox.Entry[int]) {})
	mb.Ready(w)
	return mb, w
}

// paths are the ways of one entry through a mailbox that are to be cheap. Each
// returns a function that goes once and leaves everything as it was.
var paths = map[string]func() func(){
	"handed to a free worker": func() func() {
		mb, w := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1})
		e := new(mailbox.Entry[int])
		return func() {
			mb.Offer(e, mailbox.Blocks)
			mb.Finish(w, mailbox.Completed)
		}
	},
	"queued": func() func() {
		mb, w := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1})
		es := [2]mailbox.Entry[int]{}
		mb.Offer(&es[0], mailbox.Blocks)
		i := 1
		return func() {
			mb.Offer(&es[i], mailbox.Blocks)
			mb.Finish(w, mailbox.Completed)
			i = 1 - i
		}
	},
	"waited": func() func() {
		mb, w := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1})
		es := [3]mailbox.Entry[int]{}
		mb.Offer(&es[0], mailbox.Blocks)
		mb.Offer(&es[1], mailbox.Blocks)
		i := 2
		return func() {
			mb.Offer(&es[i], mailbox.Blocks)
			mb.Finish(w, mailbox.Completed)
			i = (i + 1) % 3
		}
	},
	"left while queued": func() func() {
		mb, _ := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1})
		es := [2]mailbox.Entry[int]{}
		mb.Offer(&es[0], mailbox.Blocks)
		return func() {
			mb.Offer(&es[1], mailbox.Blocks)
			mb.Leave(&es[1])
		}
	},
	"backed off": func() func() {
		mb, w := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1})
		e := new(mailbox.Entry[int])
		return func() {
			mb.Offer(e, mailbox.Blocks)
			mb.Backoff(w)
			mb.Due(e, e.Ticket())
			mb.Finish(w, mailbox.Completed)
		}
	},
	"refused": func() func() {
		mb, _ := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1, Drop: true})
		es := [3]mailbox.Entry[int]{}
		for i := range es {
			mb.Offer(&es[i], mailbox.Blocks)
		}
		return func() { mb.Offer(&es[2], mailbox.Blocks) }
	},
}

func TestNoWayThroughTheMailboxAllocates(t *testing.T) {
	for name, path := range paths {
		if n := testing.AllocsPerRun(1000, path()); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkMailbox(b *testing.B) {
	for _, name := range []string{"handed to a free worker", "queued", "waited", "left while queued", "backed off", "refused"} {
		b.Run(name, func(b *testing.B) {
			once := paths[name]()
			b.ReportAllocs()
			for b.Loop() {
				once()
			}
		})
	}
}

// BenchmarkRefusalFromAllSides measures refusals while every processor asks.
func BenchmarkRefusalFromAllSides(b *testing.B) {
	mb, _ := bare(mailbox.Limits{Concurrency: 1, BufferSize: 1, Drop: true})
	fill := [2]mailbox.Entry[int]{}
	for i := range fill {
		mb.Offer(&fill[i], mailbox.Blocks)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := new(mailbox.Entry[int])
		for pb.Next() {
			mb.Offer(e, mailbox.Blocks)
		}
	})
}
