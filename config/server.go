package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Defaults of the gateway.
const (
	DefaultListen          = "127.0.0.1:8080"
	DefaultMaxBodyBytes    = 32 << 20
	DefaultShutdownTimeout = 30 * time.Second
	DefaultLogLevel        = "info"
)

// Server is how the gateway listens. Load and Parse leave no field at its zero
// value.
type Server struct {
	Listen          string        // host:port; port 0 lets the system choose one; default 127.0.0.1:8080
	MaxBodyBytes    int64         // the largest request body, in bytes; default 32 MiB
	ShutdownTimeout time.Duration // how long accepted work may take to finish after SIGTERM; default 30 s
	LogLevel        string        // trace, debug, info, warn, error or disabled; default info

	ShutdownDelay        time.Duration // between "not ready" and the end of admission; default none
	MaxHeaderBytes       int           // the largest request header, in bytes; default 64 KiB
	ReadHeaderTimeout    time.Duration // to receive a request's header; default 10 s
	BodyTimeout          time.Duration // to receive a request's body; default 2 min
	WriteTimeout         time.Duration // how long a client may take nothing of its answer; default 1 min
	IdleTimeout          time.Duration // of a connection between two requests; default 2 min
	AllowUnauthenticated bool          // listen off loopback although there are no clients
	Watch                bool          // reload when the file changes; default true

	TLS      *TLS           // nil: plain HTTP
	CORS     CORS           // the zero value: off
	Statuses map[string]int // of our codes, such as queue_full, instead of those of the wire contract
}

// withDefaults returns a copy in which every zero field has its default.
func (s Server) withDefaults() Server {
	if s.Listen == "" {
		s.Listen = DefaultListen
	}
	if s.MaxBodyBytes == 0 {
		s.MaxBodyBytes = DefaultMaxBodyBytes
	}
	if s.ShutdownTimeout == 0 {
		s.ShutdownTimeout = DefaultShutdownTimeout
	}
	if s.LogLevel == "" {
		s.LogLevel = DefaultLogLevel
	}
	return s
}

var logLevels = []string{"trace", "debug", "info", "warn", "error", "disabled"}

var serverSection = section[Server]{fields: []field[Server]{
	{name: "listen", read: readListen},
	{name: "max_body_bytes", read: readMaxBody},
	duration("shutdown_timeout", orDefaultOf(durationText(DefaultShutdownTimeout)),
		func(s *Server) *time.Duration { return &s.ShutdownTimeout }),
	{name: "log_level", read: readLogLevel},
}}

func readListen(r *reader, v value, into *Server) {
	switch {
	case !r.want(v, kindText, strconv.Quote(DefaultListen)):
	case !isListenAddress(v.text):
		r.fault(v.line, v.at, `must be host:port, such as "127.0.0.1:8080" or ":8080"; the port is a number from 0 to 65535`)
	default:
		into.Listen = v.text
	}
}

func isListenAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || !isPort(port) {
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "" || isHostName(host)
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == text
}

func isHostName(text string) bool {
	if strings.Trim(text, "0123456789.") == "" {
		return false // an IP address that is not one
	}
	return strings.IndexFunc(text, func(r rune) bool { return notBare(r) && r != '.' }) < 0
}

func readMaxBody(r *reader, v value, into *Server) {
	bounds := wholeBounds{least: 1, otherwise: orDefaultOf("33554432 (32 MiB)"), example: "33554432"}
	if n, ok := r.whole(v, bounds); ok {
		into.MaxBodyBytes = n
	}
}

func readLogLevel(r *reader, v value, into *Server) {
	switch {
	case !r.want(v, kindText, `"info"`):
	case !slices.Contains(logLevels, v.text):
		r.fault(v.line, v.at, "must be one of %s", strings.Join(logLevels, ", "))
	default:
		into.LogLevel = v.text
	}
}

func orDefaultOf(text string) string { return "leave it out for the default of " + text }

// durationText writes d without the zero parts that String adds.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
