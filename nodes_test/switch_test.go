//go:build linux

package nodes_test

import (
	"container/heap"
	"errors"
	"os"
	"time"
)

// The switch: frames are read from the tap of one host and written to those of others.

type mac [6]byte

const (
	largestFrame = 1 << 16
	headerBytes  = 14      // of Ethernet: to, from, type
	mostLate     = 1 << 14 // frames on their way; more are dropped, as by a full queue
)

// pump passes the frames of one host on until its tap is closed.
func (n *network) pump(h *host) {
	frame := make([]byte, largestFrame)
	for {
		size, err := h.tap.Read(frame)
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil: // the link is down
			select {
			case <-time.After(10 * time.Millisecond):
			case <-n.done:
				return
			}
		case size >= headerBytes:
			n.forward(h, frame[:size])
		}
	}
}

// forward sends a frame to the host that its address belongs to, or to all others if
// none is known.
func (n *network) forward(from *host, frame []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	to, source := mac(frame[:6]), mac(frame[6:12])
	n.learned[source] = from
	if h := n.learned[to]; h != nil {
		if h != from {
			n.send(way{from, h}, frame)
		}
		return
	}
	for _, h := range n.hosts {
		if h != from {
			n.send(way{from, h}, frame)
		}
	}
}

// send lets a frame go one way, with mu held.
func (n *network) send(w way, frame []byte) {
	c := n.ways[w]
	switch {
	case n.closed:
	case c.cut || c.loss > 0 && n.chance.Float64() < c.loss || c.delay > 0 && len(n.late) >= mostLate:
		n.dropped.Add(1)
	case c.delay > 0:
		heap.Push(&n.late, &lateFrame{due: time.Now().Add(c.delay), to: w.to, bytes: append([]byte(nil), frame...)})
		if n.late[0].to == w.to {
			n.wake()
		}
	default:
		n.arrive(w.to, frame)
	}
}

// arrive gives a frame to its host. One whose link is down does not get it.
func (n *network) arrive(to *host, frame []byte) {
	if _, err := to.tap.Write(frame); err != nil {
		n.dropped.Add(1)
		return
	}
	n.passed.Add(1)
}

func (n *network) wake() {
	select {
	case n.sooner <- struct{}{}:
	default:
	}
}

// deliverLate delivers frames when they are due.
func (n *network) deliverLate() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(n.deliverDue())
		select {
		case <-timer.C:
		case <-n.sooner:
		case <-n.done:
			return
		}
	}
}

// deliverDue delivers what is due, and returns when the next frame will be.
func (n *network) deliverDue() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.late) > 0 {
		if wait := time.Until(n.late[0].due); wait > 0 {
			return wait
		}
		f := heap.Pop(&n.late).(*lateFrame)
		n.arrive(f.to, f.bytes)
	}
	return time.Hour
}

// lateFrame is a frame on its way.
type lateFrame struct {
	due   time.Time
	to    *host
	bytes []byte
}

// delayed is a heap of frames, the first to come first.
type delayed []*lateFrame

func (d delayed) Len() int           { return len(d) }
func (d delayed) Less(i, j int) bool { return d[i].due.Before(d[j].due) }
func (d delayed) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// Push is for package heap.
func (d *delayed) Push(x any) { *d = append(*d, x.(*lateFrame)) }

// Pop is for package heap.
func (d *delayed) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
