package gossip

import (
	"context"
	"log"
	"net"
	"time"

	"github.com/hashicorp/memberlist"
)

// A transport is memberlist's own with bounds. The connections that it dials end with
// a context: otherwise one to a peer that is silent would hold up Close until its time
// is over. Those that it accepts are bounded in number and size.
type transport struct {
	*memberlist.NetTransport
	ctx context.Context
	door
}

// listen opens an address for UDP and TCP. With port 0 the system chooses one that is
// free for TCP, which may be taken for UDP.
func listen(ctx context.Context, settings *memberlist.Config, logger *log.Logger) (*transport, error) {
	tries := 1
	if settings.BindPort == 0 {
		tries = 10
	}
	var err error
	for range tries {
		var t *memberlist.NetTransport
		t, err = memberlist.NewNetTransport(&memberlist.NetTransportConfig{
			BindAddrs: []string{settings.BindAddr}, BindPort: settings.BindPort, Logger: logger})
		if err == nil {
			bounded := &transport{NetTransport: t, ctx: ctx}
			bounded.door.open(t.StreamCh())
			return bounded, nil
		}
	}
	return nil, err
}

// StreamCh gives memberlist the connections that came in.
func (t *transport) StreamCh() <-chan net.Conn { return t.door.out }

// Shutdown closes the sockets. Until they are closed the door takes what comes in,
// since memberlist's listener waits for that.
func (t *transport) Shutdown() error {
	err := t.NetTransport.Shutdown()
	t.door.shut()
	return err
}

// DialTimeout is DialAddressTimeout by address alone.
func (t *transport) DialTimeout(address string, limit time.Duration) (net.Conn, error) {
	return t.DialAddressTimeout(memberlist.Address{Addr: address}, limit)
}

// DialAddressTimeout opens a connection that is closed when the context ends.
func (t *transport) DialAddressTimeout(a memberlist.Address, limit time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: limit}
	conn, err := d.DialContext(t.ctx, "tcp", a.Addr)
	if err != nil {
		return nil, err
	}
	return &dialed{Conn: conn, stop: context.AfterFunc(t.ctx, func() { conn.Close() })}, nil
}

// A dialed connection lets go of its context when it is closed.
type dialed struct {
	net.Conn
	stop func() bool
}

// Close closes the connection. It may be called again.
func (c *dialed) Close() error {
	c.stop()
	return c.Conn.Close()
}
