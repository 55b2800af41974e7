package main

import (
	"crypto/tls"
	"errors"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/remote"
	"bifrost/remote/discovery/etcd"
	"bifrost/schemas"
)

// limitsIn is where the owners of limits are; nil, without etcd, means that nodes vote.
func limitsIn(c *config.Etcd, logger zerolog.Logger) (remote.Registrar, error) {
	if c == nil {
		return nil, nil
	}
	source, err := etcdSource(c, "", logger)
	if err != nil {
		return nil, err
	}
	return source.Limits(), nil
}

// etcdSource is where a node registers under its address and finds the others.
func etcdSource(c *config.Etcd, address string, logger zerolog.Logger) (*etcd.Source, error) {
	source := &etcd.Source{Endpoints: c.Endpoints, Prefix: c.Prefix, Advertise: address, TTL: c.TTL,
		Username: c.Username, Password: c.Password, Log: logger}
	if c.CAFile == "" && c.CertFile == "" {
		return source, nil
	}
	source.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pool, err := schemas.CertPool(c.CAFile)
		if err != nil {
			return nil, err
		}
		source.TLS.RootCAs = pool
	}
	if c.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, errors.New("the certificate and the key for etcd cannot be loaded; name two PEM files that belong together")
		}
		source.TLS.Certificates = []tls.Certificate{cert}
	}
	return source, nil
}
