package admin

import (
	"encoding/json"
	"sync"
	"time"
)

// How often those who watch are told, how many there may be, and how long one may lag.
const (
	tick           = 250 * time.Millisecond // the shortest interval, and the grain of all
	defaultTick    = time.Second
	longestTick    = time.Minute
	maxViewers     = 64
	viewerPatience = 10 * time.Second
)

// A feed makes snapshots for all who watch: one for each instant at which somebody is due,
// whoever many they are. It has one goroutine, and only while somebody watches.
type feed struct {
	snapshot func() State

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	stop    chan struct{} // closed to end the goroutine; nil: none runs
	closed  bool
	last    []byte    // the newest snapshot, as JSON
	lastAt  time.Time // of last

	running sync.WaitGroup
}

// A viewer is one who watches.
type viewer struct {
	interval time.Duration
	next     chan []byte   // the snapshot to send; of size 1
	dropped  chan struct{} // closed when the feed gives the viewer up

	// guarded by the feed's mutex
	due    time.Time
	behind time.Time // since when the snapshot in next was not taken; zero: it was
}

func newFeed(snapshot func() State) *feed {
	return &feed{snapshot: snapshot, viewers: make(map[*viewer]struct{})}
}

// watch adds a viewer, who has a snapshot at once. It returns nil and why if there can be
// no more.
func (f *feed) watch(interval time.Duration) (*viewer, string) {
	v := &viewer{interval: interval, next: make(chan []byte, 1), dropped: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return nil, codeClosed
	case len(f.viewers) >= maxViewers:
		return nil, codeBusy
	}
	f.viewers[v] = struct{}{}
	if f.stop == nil {
		f.stop = make(chan struct{})
		stop := f.stop
		f.running.Go(func() { f.run(stop) }) // ends when stop is closed: nobody watches, or close
	}
	f.sendLocked(time.Now(), v)
	return v, ""
}

// leave takes a viewer out.
func (f *feed) leave(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.viewers, v)
	f.restLocked()
}

// close gives all viewers up and waits for the goroutine.
func (f *feed) close() {
	f.mu.Lock()
	f.closed = true
	for v := range f.viewers {
		f.dropLocked(v)
	}
	f.restLocked()
	f.mu.Unlock()
	f.running.Wait()
}

// restLocked ends the goroutine if nobody watches.
func (f *feed) restLocked() {
	if len(f.viewers) == 0 && f.stop != nil {
		close(f.stop)
		f.stop = nil
	}
}

func (f *feed) dropLocked(v *viewer) {
	delete(f.viewers, v)
	close(v.dropped)
}

func (f *feed) run(stop chan struct{}) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-t.C:
			f.tell(now)
		}
	}
}

// tell sends a snapshot to all who are due.
func (f *feed) tell(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for v := range f.viewers {
		if now.Before(v.due) {
			continue
		}
		f.sendLocked(now, v)
	}
	f.restLocked()
}

// sendLocked hands the newest snapshot to a viewer. One who is behind keeps the older
// snapshot and misses this one; who is behind for too long is dropped.
func (f *feed) sendLocked(now time.Time, v *viewer) {
	v.due = now.Add(v.interval - tick/2) // a tick that comes a little early counts
	select {
	case v.next <- f.newestLocked(now):
		v.behind = time.Time{}
	default:
		if v.behind.IsZero() {
			v.behind = now
		}
		if now.Sub(v.behind) >= viewerPatience {
			f.dropLocked(v)
		}
	}
}

// newestLocked makes a snapshot unless there is one of this instant.
func (f *feed) newestLocked(now time.Time) []byte {
	if f.last == nil || now.Sub(f.lastAt) >= tick/2 {
		body, err := json.Marshal(f.snapshot())
		if err != nil {
			body = []byte("{}") // a State can always be written as JSON
		}
		f.last, f.lastAt = body, now
	}
	return f.last
}
