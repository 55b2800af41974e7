package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"bifrost/mailbox"
)

// Configure replaces a running router's configuration in place. It returns false,
// having done nothing, if the router has been told to stop; see Ending. Nothing
// that was accepted is lost or refused for it: attempts under way end on the version
// they began with, and what is over a smaller bound is served before anything new.
// It returns when added workers are up.
func (r *Router) Configure(c Config) bool {
	r.configuring.Lock()
	defer r.configuring.Unlock()
	if r.Ending() != nil || !r.settings.replace(r.newSettings(c)) {
		return false
	}
	r.modes.Lock()
	missing, retired := r.mb.Resize(c.limits(r.sys.drop.Load()))
	r.modes.Unlock()
	for _, slot := range retired {
		r.stopWorker(slot)
	}
	r.grow(missing)
	return true
}

// grow spawns n workers and waits until they are up, which takes no longer than
// the engine needs to run them.
func (r *Router) grow(n int) {
	if n <= 0 {
		return
	}
	ups := make(chan struct{}, n)
	workers := r.newWorkers(n, ups)
	r.mu.Lock() // so that the control actor is there: it stops after halt only
	if !r.isHalted() {
		r.sys.engine.Root.Send(r.control, &grow{workers})
	}
	r.mu.Unlock()
	for range n {
		select {
		case <-ups:
		case <-r.halted: // they may not come up
			return
		}
	}
}

// newWorkers returns workers that each send one value to ups, which has room for
// all of them, when they are up.
func (r *Router) newWorkers(n int, ups chan<- struct{}) []*worker {
	r.mu.Lock()
	defer r.mu.Unlock()
	workers := make([]*worker, n)
	id := 0
	for i := range workers {
		for id++; r.ids[id]; id++ {
		}
		r.ids[id] = true
		workers[i] = newWorker(r, id, ups)
	}
	return workers
}

// replacements returns workers for those that have stopped without having been
// told to, as when somebody stops a worker by its PID: the pool never shrinks.
func (r *Router) replacements() []*worker {
	if r.isHalted() {
		return nil
	}
	n := r.mb.Missing()
	return r.newWorkers(n, make(chan struct{}, n))
}

func (r *Router) isHalted() bool {
	select {
	case <-r.halted:
		return true
	default:
		return false
	}
}

// joined notes a worker that has started, or restarted, and reports whether the
// router has been halted, so that the worker has to stop.
func (r *Router) joined(w *worker) (halted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.workers[w.slot] = w
	halted = r.isHalted()
	if halted {
		w.abort(&ownCause{errStopping})
	}
	return halted
}

// gone notes a worker that has stopped. What it was handed last, it never began.
func (r *Router) gone(w *worker) {
	r.mu.Lock()
	delete(r.workers, w.slot)
	delete(r.ids, w.id)
	r.mu.Unlock()
	r.mb.GiveBack(w.slot)
	if held, mine := r.mb.Stopped(w.slot); held != nil {
		if mine {
			held.Value.answer(nil, stopping(held.Value.req, false))
		}
		held.Value.release()
	}
}

func (r *Router) stopWorker(slot *mailbox.Worker[*call]) {
	r.mu.Lock()
	w := r.workers[slot]
	r.mu.Unlock()
	if w != nil {
		w.cool()
		if r.ends(w) {
			r.sys.engine.Root.Stop(w.pid)
		}
	}
}

// ends notes that a worker is to stop, and reports whether that is new. Only who
// learns so tells it: a second Stop may find the actor gone, and then the engine
// publishes a dead letter, whose throttle keeps a goroutine for a second.
func (r *Router) ends(w *worker) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return w.endLocked()
}

// endLocked is ends under the router's mu.
func (w *worker) endLocked() bool {
	first := !w.ending
	if first {
		w.ending, w.endingSince = true, w.router.sys.now()
	}
	return first
}

// stopWorkers aborts what is in hand and tells all workers to stop, and the
// control actor to follow them. It may be called again.
func (r *Router) stopWorkers() {
	r.mu.Lock()
	first := !r.isHalted()
	if first {
		close(r.halted)
	}
	var told []*actor.PID
	for _, w := range r.workers {
		w.abort(&ownCause{errStopping})
		if w.endLocked() {
			told = append(told, w.pid)
		}
	}
	r.mu.Unlock()
	for _, pid := range told {
		r.sys.engine.Root.Stop(pid)
	}
	if first {
		r.sys.engine.Root.Send(r.control, halt{})
	}
}

// noteBackoff counts the workers whose restart is delayed.
func (r *Router) noteBackoff(_ *actor.PID, began bool) {
	if began {
		r.backingOff.Add(1)
	} else {
		r.backingOff.Add(-1)
	}
}

// SetDefaultDrop switches all providers that have no mode of their own between
// drop and wait mode. Who waits already keeps its turn.
func (s *System) SetDefaultDrop(drop bool) {
	s.drop.Store(drop)
	for _, r := range s.routers() {
		r.applyDrop()
	}
}

// applyDrop puts the system's mode into force, whatever Configure does meanwhile:
// each reads the mode under the lock, after it was stored.
func (r *Router) applyDrop() {
	r.modes.Lock()
	defer r.modes.Unlock()
	if !r.settings.peek().ownDrop {
		r.mb.SetDrop(r.sys.drop.Load())
	}
}
