package actors

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"bifrost/schemas"
)

// WorkerStatus is what a worker does.
type WorkerStatus string

// The states of a worker.
const (
	WorkerFree      WorkerStatus = "free"
	WorkerBusy      WorkerStatus = "busy"      // its provider has not begun to answer
	WorkerStreaming WorkerStatus = "streaming" // it passes on the rest of an answer
	WorkerBackoff   WorkerStatus = "backoff"   // it has panicked, and is about to restart
	WorkerStopping  WorkerStatus = "stopping"  // it has been told to stop
)

// The states that a worker notes of itself, and their names.
const (
	free = iota
	busy
	streaming
	restarting
)

var statuses = [...]WorkerStatus{WorkerFree, WorkerBusy, WorkerStreaming, WorkerBackoff}

// WorkerState is one worker at one moment.
type WorkerState struct {
	ID     int // from 1, unique among the provider's workers; used again when one has stopped
	Status WorkerStatus
	Since  time.Time
	Model  string // of the request in hand; empty if there is none, or it names none
}

// Workers returns what the provider's workers do, by their ID. Each is looked at by
// itself: between two of them a request may have gone from one to the other. It does not
// block, and costs the workers nothing.
func (r *Router) Workers() []WorkerState {
	r.mu.Lock()
	out := make([]WorkerState, 0, len(r.workers))
	for _, w := range r.workers {
		s := w.doing.state(r.sys.born)
		s.ID = w.id
		if w.ending {
			s.Status, s.Since = WorkerStopping, r.sys.born.Add(w.endingSince)
		}
		out = append(out, s)
	}
	r.mu.Unlock()
	slices.SortFunc(out, func(a, b WorkerState) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// doing is what a worker does, for others to look at. Only the worker's own goroutine
// writes it.
type doing struct {
	mark    atomic.Int64 // since when, and in the lowest bits the state
	request atomic.Pointer[schemas.Request]
}

// markBits is how many bits a state takes.
const markBits = 2

// note notes a new state, and what is in hand, nil for nothing.
func (d *doing) note(state int64, since time.Duration, req *schemas.Request) {
	d.request.Store(req)
	d.mark.Store(int64(since)<<markBits | state)
}

// state returns what was noted last.
func (d *doing) state(born time.Time) WorkerState {
	mark := d.mark.Load()
	s := WorkerState{Status: statuses[mark&(1<<markBits-1)], Since: born.Add(time.Duration(mark >> markBits))}
	if req := d.request.Load(); req != nil && s.Status != WorkerFree {
		s.Model = req.Model
	}
	return s
}
