package guard

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rs/zerolog"
)

// Field names of log lines.
const (
	fieldReason   = "reason"
	fieldRemote   = "remote"
	fieldPeer     = "peer"
	fieldTarget   = "target"
	fieldType     = "type"
	fieldDetail   = "detail"
	fieldPanic    = "panic"
	fieldStack    = "stack"
	fieldRepeated = "repeated"
)

const (
	// quiet is how long a reason is not logged again for a host.
	quiet = time.Minute
	// maxHosts bounds what is remembered for that. When it is reached, hosts that are
	// not in it share one entry.
	maxHosts = 1024
	// maxLogged bounds a text of a peer's, in bytes.
	maxLogged = 128
)

// Notes are the reasons that were logged for one connection.
type notes struct {
	mu   sync.Mutex
	told []Reason
}

// first reports whether r is new, and notes it.
func (n *notes) first(r Reason) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, old := range n.told {
		if old == r {
			return false
		}
	}
	n.told = append(n.told, r)
	return true
}

// A silence says when a reason was last logged for a host.
type silence struct {
	since    time.Time
	withheld int // lines since then
}

type silenceKey struct {
	host   string
	reason Reason
}

// A journal keeps a host that comes back again and again from filling the log. The
// zero journal is ready.
type journal struct {
	mu       sync.Mutex
	silences map[silenceKey]*silence
	swept    time.Time // when old ones were last looked for
}

// admit reports whether a line may be written, and how many were withheld before it.
func (j *journal) admit(host string, r Reason, now time.Time) (withheld int, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.silences[silenceKey{host, r}]
	if s == nil {
		s = j.addLocked(host, r, now)
	}
	if !s.since.IsZero() && now.Sub(s.since) < quiet {
		s.withheld++
		return 0, false
	}
	withheld, s.since, s.withheld = s.withheld, now, 0
	return withheld, true
}

func (j *journal) addLocked(host string, r Reason, now time.Time) *silence {
	if len(j.silences) >= maxHosts && now.Sub(j.swept) >= time.Second {
		j.swept = now
		for k, old := range j.silences {
			if now.Sub(old.since) >= quiet {
				delete(j.silences, k)
			}
		}
	}
	key := silenceKey{host, r}
	if len(j.silences) >= maxHosts {
		key.host = ""
	}
	if s := j.silences[key]; s != nil {
		return s
	}
	if j.silences == nil {
		j.silences = make(map[silenceKey]*silence)
	}
	s := &silence{}
	j.silences[key] = s
	return s
}

// line begins a log line about c, nil if there is to be none.
func (g *Guard) line(c *connection, f fault) *zerolog.Event {
	if !c.told.first(f.reason) {
		return nil
	}
	withheld, ok := g.journal.admit(c.host, f.reason, time.Now())
	if !ok {
		return nil
	}
	line := g.policy.Log.Warn().Str(fieldReason, string(f.reason)).Str(fieldRemote, c.socket.RemoteAddr().String())
	if address := cmp.Or(f.peer, g.table.addressOf(c)); address != "" {
		line.Str(fieldPeer, clean(address))
	}
	if f.typeName != "" {
		line.Str(fieldTarget, clean(f.target)).Str(fieldType, clean(f.typeName))
	}
	if f.detail != "" {
		line.Str(fieldDetail, clean(f.detail))
	}
	if withheld > 0 {
		line.Int(fieldRepeated, withheld)
	}
	return line
}

// sentence is a line's message.
func sentence(r Reason) string {
	switch {
	case r.drops():
		return "a message of a peer was dropped"
	case r == ReasonUnaryCall, r == ReasonUnknownMethod:
		return "a call of nodes that nobody may make was refused"
	}
	return "a connection to this node was closed"
}

// clean makes a peer's text fit for a log: bounded, printable, one line.
func clean(s string) string {
	cut := false
	if len(s) > maxLogged {
		s, cut = s[:maxLogged], true
	}
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if cut {
		s += "…"
	}
	return s
}

// handshakeDetail says what was wrong, without what a certificate says of itself.
func handshakeDetail(err error) string {
	var (
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		header    tls.RecordHeaderError
		verifying *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the peer's certificate is expired or not valid yet"
	case errors.As(err, &invalid):
		return "the peer's certificate is not valid for this use"
	case errors.As(err, &authority):
		return "the peer's certificate is of an unknown authority"
	case errors.As(err, &header):
		return "the other end does not speak TLS"
	case errors.As(err, &verifying):
		return "the peer's certificate was refused"
	case strings.HasPrefix(err.Error(), "tls: "), strings.HasPrefix(err.Error(), "remote error: tls: "):
		return clean(err.Error()) // a fixed text of the library's
	}
	return "the handshake failed"
}
