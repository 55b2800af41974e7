package config

import (
	"cmp"
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

	// AnswerTimeout is how long a request may take until its answer begins; default none.
	AnswerTimeout time.Duration

	// KeepAlive is how long who asked for a stream waits in silence before it is sent
	// something to skip, which commits the status 200; at least 1 s. Default none: nothing is.
	KeepAlive time.Duration

	// RefuseUnmeetable is that a request whose turn would come after its client has given up
	// is refused at once, as deadline_unmeetable; default true.
	RefuseUnmeetable bool

	TLS      *TLS           // nil: plain HTTP
	CORS     CORS           // the zero value: off
	Statuses map[string]int // of our codes, such as queue_full, instead of those of the wire contract
}

// newServer returns what cannot be told from the zero value afterwards.
func newServer() Server { return Server{Watch: true, RefuseUnmeetable: true} }

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
	s.MaxHeaderBytes = cmp.Or(s.MaxHeaderBytes, DefaultMaxHeaderBytes)
	s.ReadHeaderTimeout = cmp.Or(s.ReadHeaderTimeout, DefaultReadHeaderTimeout)
	s.BodyTimeout = cmp.Or(s.BodyTimeout, DefaultBodyTimeout)
	s.WriteTimeout = cmp.Or(s.WriteTimeout, DefaultWriteTimeout)
	s.IdleTimeout = cmp.Or(s.IdleTimeout, DefaultIdleTimeout)
	return s
}

var logLevels = []string{"trace", "debug", "info", "warn", "error", "disabled"}

var serverSection = section[Server]{fields: []field[Server]{
	custom("listen", ofHostPort(), readListen).
		doc("`\"127.0.0.1:8080\"`", "where the gateway listens; port 0 takes any free port",
			"an address or host name, and a port up to 65535; off loopback only with `[clients]`, with `client_ca_file`, or with `allow_unauthenticated`"),
	truth("allow_unauthenticated", func(s *Server, v bool) { s.AllowUnauthenticated = v }).
		doc("`false`", "whoever reaches the gateway may use it, off loopback, too"),
	custom("max_body_bytes", bodyBytes.shape(), readMaxBody).
		doc("33554432", "the largest request body, uploads included; it is held in memory"),
	whole("max_header_bytes", headerBytes, func(s *Server) *int { return &s.MaxHeaderBytes }).
		doc("65536", "the largest request header"),
	serverTime("read_header_timeout", DefaultReadHeaderTimeout, func(s *Server) *time.Duration { return &s.ReadHeaderTimeout }).
		doc("`\"10s\"`", "how long a client may take to send the header of a request"),
	serverTime("body_timeout", DefaultBodyTimeout, func(s *Server) *time.Duration { return &s.BodyTimeout }).
		doc("`\"2m\"`", "how long a client may take to send the body of a request"),
	serverTime("write_timeout", DefaultWriteTimeout, func(s *Server) *time.Duration { return &s.WriteTimeout }).
		doc("`\"1m\"`", "how long a client may take nothing of its answer"),
	serverTime("idle_timeout", DefaultIdleTimeout, func(s *Server) *time.Duration { return &s.IdleTimeout }).
		doc("`\"2m\"`", "how long a connection may be without a request"),
	serverTime("shutdown_timeout", DefaultShutdownTimeout, func(s *Server) *time.Duration { return &s.ShutdownTimeout }).
		doc("`\"30s\"`", "how long accepted requests may take to finish after SIGTERM and the delay"),
	durationOrZero("shutdown_delay", func(s *Server) *time.Duration { return &s.ShutdownDelay }).
		doc("`\"0s\"`", "how long requests are still admitted after SIGTERM, while the gateway says that it is not ready"),
	durationOrZero("answer_timeout", func(s *Server) *time.Duration { return &s.AnswerTimeout }).
		doc("`\"0s\"`, which is no limit", "how long a request may take from its beginning until its answer begins, the queue included; a client's own limit counts if it is shorter"),
	custom("keep_alive", ofDuration("`\"0s\"`, or at least `\"1s\"`"), readKeepAlive).
		doc("`\"0s\"`, which is off", "after how much silence who asked for a stream is sent something that its SDK skips, and again every 15 seconds or so; "+
			"the status, 200, is sent with the first, so that a refusal can only be an error in the stream after that"),
	truth("refuse_unmeetable", func(s *Server, v bool) { s.RefuseUnmeetable = v }).
		doc("`true`", "a request whose turn would come after its client has given up is refused at once, as `deadline_unmeetable`, instead of waiting in vain"),
	custom("log_level", oneOf(logLevels...), readLogLevel).
		doc("`\"info\"`", "what is logged"),
	truth("watch", func(s *Server, v bool) { s.Watch = v }).
		doc("`true`", "the file is read again when it changes"),
	optional("tls", listenerTLSSection, newTLS, func(s *Server) **TLS { return &s.TLS }),
	nested("cors", corsSection, func(s *Server) *CORS { return &s.CORS }),
	custom("statuses", statusesShape(), readStatuses).
		doc("those of the [wire contract](faults.md)", "HTTP statuses of what the gateway itself refuses, by code, such as `queue_full = 429`"),
}}

var (
	bodyBytes   = wholeBounds{least: 1, otherwise: orDefaultOf("33554432 (32 MiB)"), example: "33554432", unit: "bytes"}
	headerBytes = wholeBounds{least: 1 << 10, most: 16 << 20, otherwise: orDefaultOf("65536 (64 KiB)"), example: "65536", unit: "bytes"}
)

func serverTime(name string, def time.Duration, target func(*Server) *time.Duration) field[Server] {
	return duration(name, orDefaultOf(durationText(def)), target)
}

func readListen(r *reader, v value, into *Server) {
	if r.listen(v, DefaultListen) {
		into.Listen = v.text
	}
}

// listen reports whether v is an address to listen on, such as example.
func (r *reader) listen(v value, example string) bool {
	if !r.want(v, kindText, strconv.Quote(example)) {
		return false
	}
	if !isListenAddress(v.text) {
		_, port, _ := net.SplitHostPort(example)
		r.fault(v.line, v.at, "must be host:port, such as %q or %q; the port is a number from 0 to 65535", example, ":"+port)
		return false
	}
	return true
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
	if n, ok := r.whole(v, bodyBytes); ok {
		into.MaxBodyBytes = n
	}
}

// leastKeepAlive is the shortest time for which keeping a client waiting means anything.
const leastKeepAlive = time.Second

func readKeepAlive(r *reader, v value, into *Server) {
	d, ok := r.duration(v)
	switch {
	case !ok:
	case d != 0 && d < leastKeepAlive:
		r.fault(v.line, v.at, `must be at least "1s"; write "0s" for none`)
	default:
		into.KeepAlive = d
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
