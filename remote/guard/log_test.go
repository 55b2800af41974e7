package guard

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestReasonIsLoggedOnceAMinuteForAHost(t *testing.T) {
	var j journal
	now := time.Unix(1000, 0)
	if _, ok := j.admit("h", ReasonBadBatch, now); !ok {
		t.Error("the first was withheld")
	}
	for range 5 {
		if _, ok := j.admit("h", ReasonBadBatch, now.Add(time.Second)); ok {
			t.Error("a second was let through")
		}
	}
	if _, ok := j.admit("h", ReasonTooLarge, now); !ok {
		t.Error("another reason was withheld")
	}
	if _, ok := j.admit("other", ReasonBadBatch, now); !ok {
		t.Error("another host was withheld")
	}
	if withheld, ok := j.admit("h", ReasonBadBatch, now.Add(quiet)); !ok || withheld != 5 {
		t.Errorf("want a line that says 5 were withheld, got %v, %d", ok, withheld)
	}
}

func TestJournalIsBoundedAndForgetsOldHosts(t *testing.T) {
	var j journal
	now, lines := time.Unix(1000, 0), 0
	for i := range 10 * maxHosts {
		if _, ok := j.admit(fmt.Sprint(i), ReasonBadBatch, now); ok {
			lines++
		}
	}
	if lines != maxHosts+1 || len(j.silences) != maxHosts+1 {
		t.Errorf("want %d lines and entries, got %d and %d", maxHosts+1, lines, len(j.silences))
	}
	if _, ok := j.admit("new", ReasonBadBatch, now.Add(quiet)); !ok || len(j.silences) != 1 {
		t.Errorf("after a minute of silence there are %d entries", len(j.silences))
	}
}

func TestConnectionIsLoggedOncePerReason(t *testing.T) {
	var n notes
	if !n.first(ReasonBadBatch) || n.first(ReasonBadBatch) || !n.first(ReasonPanic) {
		t.Error("want each reason once")
	}
}

func TestLoggedTextIsOneBoundedPrintableLine(t *testing.T) {
	for in, want := range map[string]string{
		"victim":                  "victim",
		"a\nb\x1b[31m\x00c\u202e": "a?b?[31m?c?",
		"\xff":                    "?",
		strings.Repeat("x", 1000): strings.Repeat("x", maxLogged) + "…",
		"":                        "",
	} {
		if got := clean(in); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

func TestEveryReasonHasItsManner(t *testing.T) {
	for r, m := range manners {
		if r.drops() && m.text != "" {
			t.Errorf("%s costs a message only, and nobody is told", r)
		}
		if (m.code == 0) != (m.text == "") {
			t.Errorf("%s has a code or a text, and not the other", r)
		}
	}
}

func FuzzLoggedTextIsClean(f *testing.F) {
	f.Add("a\nb\x1b[31m")
	f.Add(strings.Repeat("ü", 200))
	f.Fuzz(func(t *testing.T, in string) {
		got := clean(in)
		if len(got) > 3*maxLogged+len("…") || !utf8.ValidString(got) {
			t.Errorf("%q is not fit for a log", got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q has %q", got, r)
			}
		}
	})
}

func FuzzAddressThatIsAcceptedCanBeDialledAndLogged(f *testing.F) {
	for _, s := range []string{"127.0.0.1:7600", "[::1]:7600", "node:0", "a b:1", ":1", "a:65536", "[a:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isAddress(s) {
			return
		}
		host, port, err := net.SplitHostPort(s)
		if err != nil || host == "" || port == "0" || clean(s) != s && len(s) <= maxLogged {
			t.Errorf("%q was accepted", s)
		}
	})
}
