package remote

import (
	"sync"

	"bifrost/actors"
	"bifrost/schemas"
)

// ledger counts a remote provider's calls, under one lock.
type ledger struct {
	mu sync.Mutex
	s  actors.Stats
}

func (g *ledger) do(f func(*actors.Stats)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.s)
}

func (g *ledger) offer() { g.do(func(s *actors.Stats) { s.Offered++; s.Waiting++ }) }
func (g *ledger) leave() { g.do(func(s *actors.Stats) { s.Waiting--; s.Left++ }) }
func (g *ledger) admit() { g.do(func(s *actors.Stats) { s.Waiting--; s.Admitted++; s.InHand++ }) }

func (g *ledger) refuse(why schemas.Reason) {
	g.do(func(s *actors.Stats) {
		if s.Refused == nil {
			s.Refused = make(map[schemas.Reason]uint64)
		}
		s.Waiting--
		s.Refused[why]++
	})
}

func (g *ledger) end(how outcome) {
	g.do(func(s *actors.Stats) {
		s.InHand--
		switch how {
		case completed:
			s.Completed++
		case failed:
			s.Failed++
		case cancelled:
			s.Cancelled++
		case deadLettered:
			s.DeadLettered++
		}
	})
}

func (g *ledger) stats() actors.Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.s
	out.Refused = make(map[schemas.Reason]uint64, len(g.s.Refused))
	for why, n := range g.s.Refused {
		out.Refused[why] = n
	}
	return out
}
