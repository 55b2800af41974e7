package remote

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"bifrost/remote/certs"
)

// credentials returns those of incoming and of outgoing connections.
func (c Config) credentials() (server, client credentials.TransportCredentials) {
	if c.TLS == nil {
		return nil, insecure.NewCredentials()
	}
	return credentials.NewTLS(c.TLS.ServerConfig()), newDialCredentials(c.TLS)
}

// dialCredentials take the certificate and its authorities anew for each connection:
// their files may have changed.
type dialCredentials struct {
	credentials.TransportCredentials
	identity *certs.Identity
}

func newDialCredentials(i *certs.Identity) credentials.TransportCredentials {
	return &dialCredentials{credentials.NewTLS(i.ClientConfig()), i}
}

// ClientHandshake authenticates both sides.
func (d *dialCredentials) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(d.identity.ClientConfig()).ClientHandshake(ctx, authority, conn)
}

// Clone returns the same.
func (d *dialCredentials) Clone() credentials.TransportCredentials {
	return newDialCredentials(d.identity)
}

// checkTLS fails if the certificate does not name the host by which peers reach this
// node: they would refuse it.
func (n *Node) checkTLS(address string) error {
	host, _, err := splitAddress(address)
	if err != nil || n.cfg.TLS == nil {
		return err
	}
	return n.cfg.TLS.CheckHost(host)
}

// watchTLS looks at the certificate once a minute: new files are noticed, and its end is
// logged once a day while it is near.
func (n *Node) watchTLS() {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	var logged time.Time
	for {
		if err := n.cfg.TLS.ExpiresSoon(time.Now()); err != nil && time.Since(logged) > 24*time.Hour {
			n.cfg.Logger.Warn().Err(err).Msg("this node's certificate")
			logged = time.Now()
		}
		select {
		case <-ticker.C:
		case <-n.ctx.Done():
			return
		}
	}
}
