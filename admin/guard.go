package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// A guard decides who is answered. With a token, whoever shows it: a page of another
// origin does not have it. Without one, a browser could be made to call this listener by
// any page that its user looks at, and is held off by where the page and the name in the
// address come from; programs on this machine are let in.
type guard struct {
	token  []byte // its SHA-256; nil: none is asked for
	hosts  []string
	origin *http.CrossOriginProtection
}

func newGuard(o Options) *guard {
	g := &guard{hosts: append([]string{"localhost"}, o.Hosts...), origin: http.NewCrossOriginProtection()}
	if o.Token != "" {
		g.token = hash(o.Token)
	}
	return g
}

// hash makes all tokens equally long, so that comparing them tells nothing of the length.
func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// check returns nil if the request may be answered.
func (g *guard) check(r *http.Request) *fault {
	if g.token != nil {
		scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(hash(strings.TrimSpace(shown)), g.token) != 1 {
			return &fault{http.StatusUnauthorized, codeUnauthorized,
				"show the token of [admin] in the configuration: Authorization: Bearer TOKEN"}
		}
	} else if r.TLS == nil && !g.knows(r.Host) { // with TLS, the browser has seen that the name is this listener's
		return &fault{http.StatusForbidden, codeHost,
			"this listener is not known by that name; call it by its IP address or localhost, or set a token in [admin]"}
	}
	if foreign(r) || g.origin.Check(r) != nil {
		return &fault{http.StatusForbidden, codeOrigin, "pages of other origins may not call this listener; use the dashboard at /ui/"}
	}
	return nil
}

// knows reports whether a page of this listener can have been opened under host. An IP
// address cannot be made to point elsewhere; a name can.
func (g *guard) knows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return slices.ContainsFunc(g.hosts, func(own string) bool { return strings.EqualFold(own, strings.TrimSuffix(host, ".")) })
}

// foreign reports what a browser says of a request that a page of another origin makes,
// reads too: their answers would stay unread, but they cost something.
func foreign(r *http.Request) bool {
	from := r.Header.Get("Sec-Fetch-Site")
	return from == "cross-site" || from == "same-site"
}

// harden sets what browsers are told about every answer. The dashboard needs nothing from
// elsewhere, and nobody else's page may have it in a frame.
func harden(h http.Header) {
	h.Set("Content-Security-Policy",
		"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
