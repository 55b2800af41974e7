package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	stdlog "log"
)

// Limits of a connection. An answer has none as a whole: streams are long.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// listen opens a TCP listener.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, cannotListen(address, "--listen", err)
	}
	return l, nil
}

// cannotListen says why, and by what another address is chosen.
func cannotListen(address, by string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use; stop what listens there, or choose another address with %s", address, by)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be used; choose a port above 1023 with %s", address, by)
	}
	return fmt.Errorf("cannot listen on %s: %w; choose another address with %s", address, err, by)
}

// newServer returns a server for handler that logs its own complaints.
func newServer(handler http.Handler, logger zerolog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          stdlog.New(serverLog{logger}, "", 0),
		// OPTIONS * goes to the handler, which answers in JSON.
		DisableGeneralOptionsHandler: true,
	}
}

// serverLog takes the lines of net/http, which are about connections and have no
// content.
type serverLog struct{ logger zerolog.Logger }

func (l serverLog) Write(line []byte) (int, error) {
	l.logger.Warn().Str("server", string(trimLine(line))).Msg("the http server complains")
	return len(line), nil
}

func trimLine(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[:n-1]
	}
	return line
}

// reachable returns a URL by which this machine reaches a listener. One with an identity
// has TLS.
func reachable(addr net.Addr, i *identity) string {
	scheme := "http://"
	if i != nil {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return scheme + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}
