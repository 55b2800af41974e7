package config

type printedServer struct {
	Listen               string         `toml:"listen"`
	AllowUnauthenticated bool           `toml:"allow_unauthenticated"`
	MaxBodyBytes         int64          `toml:"max_body_bytes"`
	MaxHeaderBytes       int            `toml:"max_header_bytes"`
	ReadHeaderTimeout    span           `toml:"read_header_timeout"`
	BodyTimeout          span           `toml:"body_timeout"`
	WriteTimeout         span           `toml:"write_timeout"`
	IdleTimeout          span           `toml:"idle_timeout"`
	ShutdownTimeout      span           `toml:"shutdown_timeout"`
	ShutdownDelay        span           `toml:"shutdown_delay"`
	AnswerTimeout        span           `toml:"answer_timeout"`
	KeepAlive            span           `toml:"keep_alive"`
	RefuseUnmeetable     bool           `toml:"refuse_unmeetable"`
	LogLevel             string         `toml:"log_level"`
	Watch                bool           `toml:"watch"`
	TLS                  *printedListen `toml:"tls"`
	CORS                 *printedCORS   `toml:"cors"`
	Statuses             map[string]int `toml:"statuses,omitempty"`
}

type printedListen struct {
	CertFile     string `toml:"cert_file"`
	KeyFile      string `toml:"key_file"`
	ClientCAFile string `toml:"client_ca_file,omitempty"`
}

type printedCORS struct {
	AllowedOrigins []string `toml:"allowed_origins"`
	AllowedHeaders []string `toml:"allowed_headers,omitempty"`
	MaxAge         span     `toml:"max_age,omitzero"`
}

type printedAdmin struct {
	Listen   string         `toml:"listen"`
	Token    string         `toml:"token,omitempty"`
	UI       bool           `toml:"ui"`
	Profiles bool           `toml:"profiles"`
	TLS      *printedListen `toml:"tls"`
}

func printServer(s Server) printedServer {
	return printedServer{
		Listen:               s.Listen,
		AllowUnauthenticated: s.AllowUnauthenticated,
		MaxBodyBytes:         s.MaxBodyBytes,
		MaxHeaderBytes:       s.MaxHeaderBytes,
		ReadHeaderTimeout:    span(s.ReadHeaderTimeout),
		BodyTimeout:          span(s.BodyTimeout),
		WriteTimeout:         span(s.WriteTimeout),
		IdleTimeout:          span(s.IdleTimeout),
		ShutdownTimeout:      span(s.ShutdownTimeout),
		ShutdownDelay:        span(s.ShutdownDelay),
		AnswerTimeout:        span(s.AnswerTimeout),
		KeepAlive:            span(s.KeepAlive),
		RefuseUnmeetable:     s.RefuseUnmeetable,
		LogLevel:             s.LogLevel,
		Watch:                s.Watch,
		TLS:                  printListenerTLS(s.TLS),
		CORS:                 printCORS(s.CORS),
		Statuses:             s.Statuses,
	}
}

func printListenerTLS(t *TLS) *printedListen {
	if t == nil {
		return nil
	}
	out := printedListen(*t)
	return &out
}

func printCORS(c CORS) *printedCORS {
	if len(c.AllowedOrigins) == 0 {
		return nil
	}
	return &printedCORS{AllowedOrigins: c.AllowedOrigins, AllowedHeaders: c.AllowedHeaders, MaxAge: span(c.MaxAge)}
}

func printAdmin(a Admin, hide veil) printedAdmin {
	return printedAdmin{Listen: a.Listen, Token: hide(a.Token), UI: a.UI, Profiles: a.Profiles, TLS: printListenerTLS(a.TLS)}
}
