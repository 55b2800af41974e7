package config

import "strings"

// newAdmin returns what cannot be told from the zero value afterwards.
func newAdmin() Admin { return Admin{UI: true, Profiles: true} }

// withDefaults returns a copy in which every zero field has its default.
func (a Admin) withDefaults() Admin {
	if a.Listen == "" {
		a.Listen = DefaultAdminListen
	}
	return a
}

// String says where it listens only, so that a printed File has no secrets.
func (a Admin) String() string { return "admin on " + a.Listen }

// GoString is String.
func (a Admin) GoString() string { return a.String() }

var adminSection = section[Admin]{fields: []field[Admin]{
	custom("listen", ofHostPort(), readAdminListen).
		doc("`\"127.0.0.1:8081\"`, or any free port of loopback if that is in use", "where the admin API, the dashboard, metrics and profiles are",
			"an address or host name, and a port up to 65535, not the gateway's; or `\"off\"`; off loopback only with `token` or `client_ca_file`"),
	custom("token", ofReference(), readAdminToken).
		doc("none is asked for", "what callers show as a bearer token; `openssl rand -hex 32` makes one", "ASCII without white space"),
	truth("ui", func(a *Admin, v bool) { a.UI = v }).
		doc("`true`", "the dashboard is at `/ui`"),
	truth("profiles", func(a *Admin, v bool) { a.Profiles = v }).
		doc("`true`", "Go's profiles are at `/debug/pprof`"),
	optional("tls", listenerTLSSection, newTLS, func(a *Admin) **TLS { return &a.TLS }),
}}

func readAdminListen(r *reader, v value, into *Admin) {
	into.Given = true
	switch {
	case v.kind == kindTruth:
		r.fault(v.line, v.at, `must be text, such as %q, or "off" for no listener, not true or false`, DefaultAdminListen)
	case v.kind == kindText && v.text == Off, r.listen(v, DefaultAdminListen):
		into.Listen = v.text
	}
}

func readAdminToken(r *reader, v value, into *Admin) {
	text, ok := r.reference(v, `"env.BIFROST_ADMIN_TOKEN"`)
	switch {
	case !ok:
	case text == "":
		r.fault(v.line, v.at, `must not be empty; write "env.NAME" for an environment variable; "openssl rand -hex 32" makes a token`)
	case strings.IndexFunc(text, notVisible) >= 0:
		r.fault(v.line, v.at, "has white space, or a character that is not ASCII; remove it")
	default:
		into.Token = text
	}
}

func notVisible(r rune) bool { return r <= ' ' || r > '~' }
