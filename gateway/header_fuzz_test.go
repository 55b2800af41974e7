package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzRequestHeaders is of what a request's headers say to the gateway: how long its
// client waits, and its id. No limit lies before the request or beyond any patience, the
// fault of one is told without its value, and an id is safe in a header and a log.
func FuzzRequestHeaders(f *testing.F) {
	f.Add("600", "", "", "id-1")
	f.Add("29", "0.5", "30", "")
	f.Add("-1", "1e400", "abc", "a\r\nX: y")
	f.Add("NaN", "Inf", "0x1p-2", strings.Repeat("x", 129))
	_, _, none := limitOf(http.Header{headerServerTimeout: {"none"}}, time.Time{}, time.Time{})
	f.Fuzz(func(t *testing.T, timeout, read, server, id string) {
		h := http.Header{headerTimeout: {timeout}, headerReadTimeout: {read}, headerServerTimeout: {server}, headerRequestID: {id}}
		began := time.Now()
		sent := began.Add(time.Second)
		until, header, err := limitOf(h, began, sent)
		switch {
		case err != nil:
			if err.Error() != none.Error() {
				t.Fatalf("got %v", err)
			}
		case header == "":
			if !until.IsZero() {
				t.Fatalf("a limit of no header: %v", until)
			}
		case h.Get(header) == "", until.Before(began), until.After(sent.Add((maxTimeout + 1) * time.Second)):
			t.Fatalf("%s gives until %v", header, until)
		}
		got := requestID(h)
		if len(got) == 0 || len(got) > maxRequestID || strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Fatalf("the id is %q", got)
		}
	})
}

// FuzzAnswerHeaders is of a provider's answer's: what concerns its own connection, or is
// said in the gateway's name, is not passed on, and the answer itself stays as it was.
func FuzzAnswerHeaders(f *testing.F) {
	f.Add("X-Other", "close, X-Other", "v")
	f.Add("X-Bifrost-Code", " ,,", "v")
	f.Add("Set-Cookie", "", "a=b")
	f.Add("X-Request-Id", "x-request-id", "r")
	f.Fuzz(func(t *testing.T, name, connection, value string) {
		name = http.CanonicalHeaderKey(name)
		src := http.Header{name: {value}, "Connection": {connection}}
		dst := http.Header{}
		passHeader(dst, src)
		if src.Get(name) != value && name != "Connection" {
			t.Fatal("the answer was changed")
		}
		for passed := range dst {
			if passed == headerUpstreamID {
				continue
			}
			for hop := range strings.SplitSeq(connection, ",") {
				if http.CanonicalHeaderKey(strings.TrimSpace(hop)) == passed {
					t.Fatalf("%s is of the connection, and was passed on", passed)
				}
			}
			if passed == "Connection" || passed == "Set-Cookie" || strings.HasPrefix(passed, "X-Bifrost-") || passed == headerRequestID {
				t.Fatalf("%s was passed on", passed)
			}
		}
	})
}
