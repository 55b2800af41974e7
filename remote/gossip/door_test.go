package gossip

import (
	"errors"
	"io"
	"net"
	"testing"
)

func TestADoorLetsTheNewestInAndTheOldestGo(t *testing.T) {
	in := make(chan net.Conn)
	var d door
	d.open(in)
	defer d.shut()
	var mine, theirs []net.Conn
	for range maxStreams + 1 {
		a, b := net.Pipe()
		in <- b
		mine, theirs = append(mine, a), append(theirs, <-d.out)
	}
	if _, err := mine[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the oldest reads %v, want its end", err)
	}
	for _, v := range theirs[1:] {
		v.Close()
		v.Close()
	}
	theirs[0].Close()
	if d.inside.Len() != 0 {
		t.Errorf("%d connections are inside after all were closed", d.inside.Len())
	}
}

func TestADoorBoundsWhatEachMaySend(t *testing.T) {
	in := make(chan net.Conn)
	var d door
	d.open(in)
	defer d.shut()
	a, b := net.Pipe()
	in <- b
	v := <-d.out
	defer v.Close()
	go func() { // ends when the other end is closed
		defer a.Close()
		io.Copy(a, endless{})
	}()
	n, err := io.Copy(io.Discard, v)
	if n != maxStreamBytes || !errors.Is(err, errStreamTooLong) {
		t.Errorf("%d bytes were read, and then %v", n, err)
	}
}

func TestADoorThatIsShutKeepsNobodyWaiting(t *testing.T) {
	in := make(chan net.Conn)
	var d door
	d.open(in)
	a, b := net.Pipe()
	in <- b // and nobody takes it out
	d.shut()
	d.shut()
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection reads %v, want its end", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
