package config

import "time"

// Defaults of a deployment.
const (
	DefaultAdminListen       = "127.0.0.1:8081"
	DefaultMaxHeaderBytes    = 64 << 10
	DefaultReadHeaderTimeout = 10 * time.Second
	DefaultBodyTimeout       = 2 * time.Minute
	DefaultWriteTimeout      = time.Minute
	DefaultIdleTimeout       = 2 * time.Minute
	DefaultServiceName       = "bifrost"
)

// Off is what stands for a listener that is not wanted.
const Off = "off"

// TLS is how a listener shows who it is, and whom it lets in. Files are read again when
// they change.
type TLS struct {
	CertFile     string // PEM
	KeyFile      string // PEM
	ClientCAFile string // PEM; callers must show a certificate of it; empty: they need none
}

// CORS lets pages of other origins call the gateway. The zero value lets none.
type CORS struct {
	AllowedOrigins []string // scheme://host[:port], or "*"; none: CORS is off
	AllowedHeaders []string // beside those that the SDKs send
	MaxAge         time.Duration
}

// Admin is the listener for operators: the admin API, the dashboard, metrics and
// profiles.
type Admin struct {
	Listen   string // host:port, or "off"; default 127.0.0.1:8081
	Given    bool   // the file says listen; else a free port is taken when the default is in use
	Token    string // what callers show as a bearer token; required off loopback; empty: none
	UI       bool   // the dashboard at /ui; default true
	Profiles bool   // /debug/pprof; default true
	TLS      *TLS   // nil: plain HTTP
}

// Client is who may use the gateway. Its keys are kept as hashes.
type Client struct {
	Name string

	// Keys are "sha256:" and 64 hex digits each, of keys that were handed out. There is at
	// least one; several are there while one is replaced by another.
	Keys []string

	Providers []string // may be used; none: all
	Models    []string // likewise, as "provider/model", an alias, or with "*" at the end; none: all

	RequestsPerMinute int // 0: no limit
	TokensPerMinute   int // 0: no limit
	MaxInFlight       int // 0: no limit

	LogContent bool // the log may have its requests and answers
}

// Tracing sends traces to a collector by OTLP.
type Tracing struct {
	Endpoint    string            // URL, such as http://127.0.0.1:4318
	Protocol    string            // "http" or "grpc"; default http
	Headers     map[string]string // sent to the collector
	SampleRatio float64           // share of the traces that begin here; default 1
	ServiceName string            // default bifrost
}

// AccessLog is the line per request.
type AccessLog struct {
	Enabled bool    // default true
	Sample  float64 // share of the successful requests that have one, 0 to 1; default 1; all others always have
}

// Price is what a model costs, in US dollars per million tokens.
type Price struct {
	Input       float64
	CachedInput float64 // default: Input
	Output      float64
}
