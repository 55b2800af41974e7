package actors

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"
)

// Slots are the places of one key: an attempt holds one from before it asks the
// provider until its answer, of a stream the end of it, is there. Who finds none free
// waits, first come, first served. How many there are, and until when, may change at
// any time; what is in use is never taken away. It is safe for concurrent use.
type Slots struct {
	mu       sync.Mutex // guards what follows
	limit    int
	until    time.Time // when the slots run out; zero: never
	refusing bool
	retired  bool // nobody says any more how many there are
	used     int
	waiting  list.List // of *turn
	wanted   func()    // told that somebody waits, or was refused; nil: nobody is
}

// NewSlots returns limit slots that never run out.
func NewSlots(limit int) *Slots { return &Slots{limit: limit} }

// Allow has at most n slots in use at once from now on, before until; the zero time
// means for ever. What is in use beyond that goes on, and none is taken before it has
// fallen below n. Who waits gets what is free. It does not block.
func (s *Slots) Allow(n int, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit, s.until, s.refusing = n, until, s.retired
	s.admitLocked()
}

// Refuse lets nobody wait, until Allow: who waits, and who comes and finds no slot,
// is refused. It does not block.
func (s *Slots) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = true
	for e := s.waiting.Front(); e != nil; e = s.waiting.Front() {
		s.waiting.Remove(e)
		e.Value.(*turn).end(nil)
	}
}

// retire ends the waiting of everybody, for ever.
func (s *Slots) retire() {
	s.mu.Lock()
	s.retired = true
	s.mu.Unlock()
	s.Refuse()
}

func (s *Slots) isRetired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retired
}

// Usage returns how many slots are in use, and how many attempts wait for one. An
// attempt that could do with one of several keys waits for each of them.
func (s *Slots) Usage() (used, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used, s.waiting.Len()
}

// Notify has wanted called whenever an attempt finds no free slot, without a lock and
// on the attempt's own goroutine, which it must not block. Nil ends that.
func (s *Slots) Notify(wanted func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = wanted
}

// take takes a slot, if one is free that nobody waits for.
func (s *Slots) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting.Len() > 0 || !s.freeLocked() {
		return false
	}
	s.used++
	return true
}

// hasFree reports whether take would take one.
func (s *Slots) hasFree() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting.Len() == 0 && s.freeLocked()
}

func (s *Slots) freeLocked() bool {
	return s.used < s.limit && (s.until.IsZero() || time.Now().Before(s.until))
}

// release gives a slot back.
func (s *Slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.admitLocked()
}

func (s *Slots) admitLocked() {
	for s.waiting.Len() > 0 && s.freeLocked() {
		t := s.waiting.Remove(s.waiting.Front()).(*turn)
		if t.end(s) {
			s.used++
		}
	}
}

// queue lets t wait, unless nobody may: then it returns nil. It ends at once if there is
// a slot.
func (s *Slots) queue(t *turn) *list.Element {
	s.mu.Lock()
	var e *list.Element
	if !s.refusing {
		e = s.waiting.PushBack(t)
		s.admitLocked()
	}
	wanted := s.wanted
	s.mu.Unlock()
	if wanted != nil {
		wanted()
	}
	return e
}

// leave takes out what queue has put in; it may be out already.
func (s *Slots) leave(e *list.Element) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting.Remove(e)
}

func (s *Slots) stats() (limit, used, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit = s.limit
	if !s.until.IsZero() && !time.Now().Before(s.until) {
		limit = 0
	}
	return limit, s.used, s.waiting.Len()
}

// turn is one attempt that waits for a slot, of one or of several keys: the first one
// ends its waiting.
type turn struct {
	over  atomic.Bool
	done  chan struct{} // closed when it is over, after slots is set
	slots *Slots        // whose slot it has; nil: none, look again
}

func newTurn() *turn { return &turn{done: make(chan struct{})} }

// end ends the waiting, and reports whether it was not over yet.
func (t *turn) end(s *Slots) bool {
	if !t.over.CompareAndSwap(false, true) {
		return false
	}
	t.slots = s
	close(t.done)
	return true
}
