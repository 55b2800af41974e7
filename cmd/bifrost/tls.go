package main

import (
	"crypto/tls"
	"net"
	"sync/atomic"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/remote/certs"
)

// tlsConfig returns how a listener shows who it is, and whom it lets in; nil if t is, for
// plain HTTP. Its files are read again when they change; what is wrong with them then is
// logged, and changes nothing.
func tlsConfig(t *config.TLS, logger zerolog.Logger) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	l, err := certs.LoadListener(certs.Files{CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.ClientCAFile}, func(n certs.Notice) {
		if n.Problem != nil {
			logger.Warn().Err(n.Problem).Msg("the certificate of a listener")
			return
		}
		logger.Info().Time("not_after", n.NotAfter).Msg("new certificate files of a listener are in use")
	})
	if err != nil {
		return nil, err
	}
	return l.Config(), nil
}

// identity is what a listener shows with TLS; other files may take its place. It is safe
// for concurrent use.
type identity struct{ now atomic.Pointer[tls.Config] }

// secured returns a listener whose connections are as tlsConfig says, HTTP/2 among them,
// and its identity; the listener itself, and no identity, if t is nil.
func secured(l net.Listener, t *config.TLS, logger zerolog.Logger) (net.Listener, *identity, error) {
	c, err := tlsConfig(t, logger)
	if err != nil || c == nil {
		return l, nil, err
	}
	i := new(identity)
	i.now.Store(c)
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: i.config}), i, nil
}

// config is what a new connection meets.
func (i *identity) config(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c := i.now.Load()
	if c.GetConfigForClient != nil {
		return c.GetConfigForClient(hello)
	}
	return c, nil
}

// next reads other files, and returns what puts them into force for new connections. It
// has nothing to do where there is no TLS, or where the files are the same: those are read
// again by themselves.
func (i *identity) next(now, next *config.TLS, logger zerolog.Logger) (replace func(), err error) {
	if i == nil || next == nil || *now == *next {
		return func() {}, nil
	}
	c, err := tlsConfig(next, logger)
	if err != nil {
		return nil, err
	}
	return func() { i.now.Store(c) }, nil
}
