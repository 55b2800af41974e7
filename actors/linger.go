package actors

import (
	"time"

	"bifrost/mailbox"
)

// sweepEvery is how often lingering workers are looked at. One that has been free
// at two looks in a row gives up its goroutine.
const sweepEvery = time.Second

// warmed notes a worker that begins to serve, and arms the sweep.
func (r *Router) warmed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.warm++
	if !r.sweeps {
		r.sweeps = true
		time.AfterFunc(sweepEvery, r.sweep) // rearms itself while a worker is warm
	}
}

func (r *Router) cooled() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.warm--
}

func (r *Router) sweep() {
	r.coolFree(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweeps = r.warm > 0
	if r.sweeps {
		time.AfterFunc(sweepEvery, r.sweep)
	}
}

// coolFree ends the lingering of the workers that were free at least the given
// number of looks before this one.
func (r *Router) coolFree(looks int) {
	r.mb.EachFree(func(slot *mailbox.Worker[*call], idle int) {
		if idle < looks {
			return
		}
		r.mu.Lock() // inside the mailbox's lock; never the other way round
		w := r.workers[slot]
		r.mu.Unlock()
		if w != nil {
			w.cool()
		}
	})
}
