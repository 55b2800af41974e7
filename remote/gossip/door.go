package gossip

import (
	"container/list"
	"errors"
	"net"
	"sync"
)

const (
	// maxStreams is how many connections may be open that others have made. An honest
	// one lasts for milliseconds, so one more costs the oldest its place.
	maxStreams = 32

	// maxStreamBytes bounds what is read of each: the members, and the loads of one.
	maxStreamBytes = 4 << 20
)

var errStreamTooLong = errors.New("more was sent in one connection than is allowed")

// A door passes connections on, and bounds how many there are and what each may send.
// memberlist itself bounds only their time.
type door struct {
	out  chan net.Conn
	done chan struct{}
	wg   sync.WaitGroup

	mu     sync.Mutex
	inside list.List // of *visitor, oldest first
}

func (d *door) open(in <-chan net.Conn) {
	d.out, d.done = make(chan net.Conn), make(chan struct{})
	d.wg.Go(func() { d.pass(in) }) // ends when shut closes done
}

// shut may be called again.
func (d *door) shut() {
	d.mu.Lock()
	select {
	case <-d.done:
	default:
		close(d.done)
	}
	d.mu.Unlock()
	d.wg.Wait()
}

func (d *door) pass(in <-chan net.Conn) {
	for {
		select {
		case <-d.done:
			return
		case conn := <-in:
			v := d.admit(conn)
			select {
			case d.out <- v:
			case <-d.done:
				v.Close()
				return
			}
		}
	}
}

func (d *door) admit(conn net.Conn) *visitor {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside.Len() >= maxStreams {
		d.inside.Remove(d.inside.Front()).(*visitor).Conn.Close()
	}
	v := &visitor{Conn: conn, door: d, left: maxStreamBytes}
	v.place = d.inside.PushBack(v)
	return v
}

// A visitor is a connection that came in.
type visitor struct {
	net.Conn
	door  *door
	place *list.Element // in door.inside, also when it is out of it
	left  int           // bytes; touched by its reader only
}

// Read fails when too much has been read.
func (v *visitor) Read(p []byte) (int, error) {
	if v.left <= 0 {
		return 0, errStreamTooLong
	}
	n, err := v.Conn.Read(p[:min(len(p), v.left)])
	v.left -= n
	return n, err
}

// Close closes the connection. It may be called again.
func (v *visitor) Close() error {
	v.door.mu.Lock()
	v.door.inside.Remove(v.place) // nothing, if it is out already
	v.door.mu.Unlock()
	return v.Conn.Close()
}
