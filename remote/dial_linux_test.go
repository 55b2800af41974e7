package remote

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// fullListener has no room for one more connection, until that which fills it is accepted.
func fullListener(t *testing.T) net.Listener {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "listener")
	defer file.Close()
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	l, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return l
}

// A listener whose queue is full does not answer, as a network that is cut does not.
func TestADialIsMadeAgainUntilItIsAnsweredOrItsTimeIsOver(t *testing.T) {
	l := fullListener(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var late net.Error
	if _, err := dialEagerly(ctx, l.Addr().String()); !errors.As(err, &late) || !late.Timeout() {
		t.Fatalf("got %v, want no answer in time", err)
	}
	connected := make(chan error, 1)
	go func() { // ends within dialTimeout
		conn, err := dialEagerly(t.Context(), l.Addr().String())
		if conn != nil {
			_ = conn.Close()
		}
		connected <- err
	}()
	select {
	case err := <-connected:
		t.Fatalf("got %v before there was room", err)
	case <-time.After(dialEvery / 3):
	}
	conn, err := l.Accept() // now there is room, of which the first attempt learns too late
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if err := <-connected; err != nil {
		t.Errorf("got %v", err)
	}
}
