package simulated

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// switchHeader is the request header of the per-call switches.
const switchHeader = "X-Simulate"

const maxTokenSwitch = 100_000

// switches is what one call asks for, from its X-Simulate header.
type switches struct {
	status     int    // 0: not given
	retryAfter string // "": not given
	html       bool
	refuse     bool
	latency    *time.Duration // nil: not given
	tokens     int            // 0: not given
	fault      fault
}

// decided reports whether the call chose its own fate.
func (s switches) decided() bool { return s.status != 0 || s.html || s.fault.kind != faultNone }

func (s switches) latencyOr(drawn time.Duration) time.Duration {
	if s.latency != nil {
		return *s.latency
	}
	return drawn
}

// reply is the answer that status and html ask for.
func (s switches) reply() reply {
	var r reply
	if s.html {
		r = newReply(max(s.status, http.StatusOK), typeHTML,
			[]byte("<!doctype html><title>simulated</title><p>This page stands in for a proxy's.</p>\n"))
	} else {
		f := refusal{status: s.status, message: "simulated status " + strconv.Itoa(s.status)}
		r = f.reply()
	}
	if s.retryAfter != "" {
		r.header.Set("Retry-After", s.retryAfter)
	}
	return r
}

func parseSwitches(h http.Header) (switches, *refusal) {
	var s switches
	values := h[switchHeader]
	if len(values) == 0 {
		return s, nil
	}
	list := strings.TrimSpace(strings.Join(values, ","))
	if list == "" {
		return s, nil
	}
	seen := map[string]bool{}
	for item := range strings.SplitSeq(list, ",") {
		name, value, valued := strings.Cut(strings.TrimSpace(item), "=")
		if seen[name] {
			return s, badSwitch("a word is given twice; give each once")
		}
		seen[name] = true
		if fault := s.set(name, value, valued); fault != nil {
			return s, fault
		}
	}
	return s, s.check()
}

func (s *switches) set(name, value string, valued bool) *refusal {
	ok := false
	switch name {
	case "status":
		s.status, ok = number(value, 400, 599)
	case "retry-after":
		s.retryAfter = value
		_, ok = number(value, 0, 1<<30)
	case "html":
		s.html, ok = true, !valued
	case "refuse":
		s.refuse, ok = true, !valued
	case "latency":
		d, err := time.ParseDuration(value)
		s.latency, ok = &d, err == nil && d >= 0
	case "tokens":
		s.tokens, ok = number(value, 1, maxTokenSwitch)
	default:
		return s.setFault(name, value, valued)
	}
	if !ok {
		return badSwitch("the value of " + name + " is missing, unwanted or out of range")
	}
	return nil
}

func (s *switches) setFault(name, value string, valued bool) *refusal {
	kind := faultKinds[name]
	if kind == faultNone {
		return badSwitch("a word is unknown; see the documentation of package simulated")
	}
	if s.fault.kind != faultNone {
		return badSwitch("stall, reset, cut and stream-error exclude each other; give one")
	}
	s.fault = fault{kind: kind, after: -1}
	if !valued && (kind == faultStall || kind == faultReset) {
		return nil
	}
	var ok bool
	if s.fault.after, ok = number(value, 0, 1<<30); !ok {
		return badSwitch("the value of " + name + " is missing or not a number of events")
	}
	return nil
}

func (s *switches) check() *refusal {
	switch {
	case s.retryAfter != "" && s.status == 0:
		return badSwitch("retry-after needs status; add one")
	case s.fault.kind != faultNone && (s.status != 0 || s.html):
		return badSwitch("a broken answer excludes status and html; give one")
	}
	return nil
}

func badSwitch(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "bad_simulation", param: switchHeader,
		message: switchHeader + ": " + message}
}

// number reads plain digits within bounds.
func number(s string, low, high int) (int, bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= low && n <= high
}
