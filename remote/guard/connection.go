package guard

import (
	"container/list"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc/credentials"
)

// preface is what every HTTP/2 client begins with.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

var errRefused = errors.New("the connection was refused; the log says why")

// A connection is one that a peer, or somebody else, has opened.
type connection struct {
	guard  *Guard
	socket net.Conn // as accepted
	host   string
	told   notes

	// trusted is the standing introduced, for Read. doomed: it ends soon.
	trusted, doomed atomic.Bool

	// guarded by the table's lock
	standing standing
	phase    int           // counts how often it became a stranger
	place    *list.Element // of a stranger
	timer    *time.Timer   // of a stranger
	streams  int           // that are introduced
	address  string        // that they claim
	member   string
}

// A conn is what gRPC gets of a connection, after the handshake. It sees what is
// said, while the connection is a stranger's, and its end.
type conn struct {
	net.Conn
	c *connection

	// touched only by the transport's reader
	begun, spent int

	hungUp atomic.Bool // the other end has closed
	left   sync.Once   // the table
	blamed sync.Once   // for breaking
}

// Read fails for strangers that do not speak HTTP/2, or too much.
func (x *conn) Read(p []byte) (int, error) {
	n, err := x.Conn.Read(p)
	if err != nil {
		x.end(err)
	}
	if x.begun < len(preface) || !x.c.trusted.Load() {
		if r := x.suspect(p[:n]); r != "" {
			x.c.guard.offend(x.c, fault{reason: r})
			return 0, errRefused
		}
	} else {
		x.spent = 0
	}
	return n, err
}

// suspect looks at bytes of a stranger.
func (x *conn) suspect(b []byte) Reason {
	if rest := preface[x.begun:]; rest != "" {
		m := min(len(rest), len(b))
		if string(b[:m]) != rest[:m] {
			return ReasonNotHTTP2
		}
		x.begun += m
	}
	if x.spent += len(b); x.spent > maxStrangerBytes && !x.c.doomed.Load() && !x.c.trusted.Load() {
		return ReasonTooMuch
	}
	return ""
}

// end notes whether the peer has ended the connection.
func (x *conn) end(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		x.hungUp.Store(true)
	}
}

// Write notes a peer that reads nothing: the kernel has given it up. (Read gets an end
// then, if Write got the error.)
func (x *conn) Write(p []byte) (int, error) {
	n, err := x.Conn.Write(p)
	if errors.Is(err, syscall.ETIMEDOUT) {
		x.blame()
	}
	return n, err
}

// Close is called by the transport only. If neither the peer nor the guard wanted the
// end, the transport found a fault.
func (x *conn) Close() error {
	x.left.Do(func() {
		if x.c.guard.table.leave(x.c) != ended && !x.hungUp.Load() && !x.c.doomed.Load() {
			x.blame()
		}
	})
	return x.Conn.Close()
}

func (x *conn) blame() {
	x.blamed.Do(func() { x.c.guard.refuse(x.c, fault{reason: ReasonBroken}) })
}

// authInfo lets streams find their connection.
type authInfo struct {
	credentials.AuthInfo
	c *connection
}

// A door is the server's credentials. gRPC shows it each accepted connection.
type door struct {
	credentials.TransportCredentials
	guard *Guard
}

// Clone is for clients, and keeps the door the same.
func (d door) Clone() credentials.TransportCredentials {
	return door{d.TransportCredentials.Clone(), d.guard}
}

// ServerHandshake counts a connection as a stranger, and shakes hands.
func (d door) ServerHandshake(socket net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c := &connection{guard: d.guard, socket: socket, host: hostOf(socket.RemoteAddr())}
	if !d.guard.table.enter(c) {
		return nil, nil, io.EOF // which gRPC takes for a connection that is over
	}
	defer d.guard.table.handlers.Done()
	secured, info, err := d.TransportCredentials.ServerHandshake(socket)
	if err != nil {
		if was := d.guard.table.leave(c); was != ended && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			d.guard.refuse(c, fault{reason: ReasonHandshake, detail: handshakeDetail(err)})
		}
		return nil, nil, io.EOF
	}
	return &conn{Conn: secured, c: c}, authInfo{info, c}, nil
}
