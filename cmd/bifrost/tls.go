package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

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

// secured returns a listener whose connections are as tlsConfig says, HTTP/2 among them;
// the listener itself if t is nil.
func secured(l net.Listener, t *config.TLS, logger zerolog.Logger) (net.Listener, error) {
	c, err := tlsConfig(t, logger)
	if err != nil || c == nil {
		return l, err
	}
	return tls.NewListener(l, c), nil
}

// refuseOpen returns nil, or why the listeners of a file must not be opened: strangers
// that reach the machine would use its keys, or change how it runs.
func refuseOpen(file *config.File) error {
	return errors.Join(refuseOpenGateway(file), refuseOpenAdmin(file))
}

func refuseOpenGateway(file *config.File) error {
	s := file.Server
	if isLoopback(s.Listen) || len(file.Clients) > 0 || s.AllowUnauthenticated || s.TLS != nil && s.TLS.ClientCAFile != "" {
		return nil
	}
	return fmt.Errorf("%s: server.listen is %s, and whoever reaches it could use the providers' keys; "+
		"add [clients] with a key that \"bifrost keys\" makes, or server.tls.client_ca_file, or listen on 127.0.0.1; "+
		"if something in front of it asks for keys, set server.allow_unauthenticated = true", file.Path, s.Listen)
}

func refuseOpenAdmin(file *config.File) error {
	a := file.Admin
	if a.Listen == "" || a.Listen == config.Off || isLoopback(a.Listen) || a.Token != "" || a.TLS != nil && a.TLS.ClientCAFile != "" {
		return nil
	}
	return fmt.Errorf("%s: admin.listen is %s, and whoever reaches it could see and change how the gateway runs; "+
		"set admin.token, or admin.tls.client_ca_file, or listen on 127.0.0.1", file.Path, a.Listen)
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
