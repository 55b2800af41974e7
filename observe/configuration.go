package observe

import (
	"maps"
	"sync"
	"time"

	"bifrost"
)

// configuration is what the program has told of its own.
type configuration struct {
	mu       sync.Mutex // guards what follows
	told     bool
	number   int
	loadedAt time.Time
	failed   bool
	models   map[model]struct{} // of SetModels
	ofKeys   map[model]struct{}
}

// SetConfig tells which configuration runs: its number, 1 at the start and one more with
// each reload that changed something, since when, and whether the last reload was
// refused. Until then there are no metrics of it.
func (r *Recorder) SetConfig(number int, loadedAt time.Time, reloadFailed bool) {
	c := &r.config
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told, c.number, c.loadedAt, c.failed = true, number, loadedAt, reloadFailed
}

// nameModels notes anew which models are counted by their name: those that the program
// has told, and those that the keys of the client's providers name. A nil client leaves
// what was known of the latter.
func (r *Recorder) nameModels(c *bifrost.Client) {
	r.config.mu.Lock()
	defer r.config.mu.Unlock()
	if c != nil {
		r.config.ofKeys = modelsOf(c)
	}
	next := maps.Clone(r.config.ofKeys)
	if next == nil {
		next = map[model]struct{}{}
	}
	maps.Copy(next, r.config.models)
	r.named.Store(&next)
}

func modelsOf(c *bifrost.Client) map[model]struct{} {
	out := map[model]struct{}{}
	for _, provider := range c.Providers() {
		names, _ := c.Models(provider)
		for _, name := range names {
			out[model{provider, name}] = struct{}{}
		}
	}
	return out
}
