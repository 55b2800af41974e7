package actors

import (
	"sync"
	"time"
)

// restingModels is how many models of one key may rest; beyond it the key rests
// as a whole, so that made-up model names cannot fill the memory.
const restingModels = 100

// rests is until when one key rests: as a whole, and for single models. The zero
// value does not rest. It is safe for concurrent use.
type rests struct {
	mu     sync.Mutex
	all    time.Time
	models map[string]time.Time
}

// until returns when the key can be tried for model again; the past, or zero, if
// it does not rest.
func (r *rests) until(model string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.models[model]; m.After(r.all) {
		return m
	}
	return r.all
}

func (r *rests) whole(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until.After(r.all) {
		r.all = until
	}
}

func (r *rests) forModel(model string, until, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m, t := range r.models {
		if !t.After(now) {
			delete(r.models, m)
		}
	}
	if r.models == nil {
		r.models = make(map[string]time.Time)
	}
	if len(r.models) >= restingModels {
		r.all = until
		return
	}
	r.models[model] = until
}
