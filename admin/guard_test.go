package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bifrost/admin"
)

// guarded are all that the guard stands before.
var guarded = [][2]string{
	{"GET", "/api/v1/state"}, {"GET", "/api/v1/events"}, {"GET", "/api/v1/providers/steady"}, {"PATCH", "/api/v1/providers/steady"},
	{"PATCH", "/api/v1/settings"}, {"GET", "/api/v1/dead-letters"}, {"GET", "/api/v1/config"}, {"POST", "/api/v1/reload"},
	{"GET", "/api/v1/demo"}, {"GET", "/metrics"}, {"GET", "/debug/pprof/"}, {"GET", "/debug/pprof/profile"}, {"GET", "/debug/pprof/heap"},
	{"GET", "/no/such/path"},
}

func everything(o admin.Options) admin.Options {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	o.Metrics, o.Demo, o.Profiles = ok, ok, true
	o.Set = (&changes{}).set
	return o
}

func TestWithATokenNothingThatHoldsDataIsAnsweredWithoutIt(t *testing.T) {
	o := everything(options())
	o.Token = "sesame"
	h := handlerOf(t, o)
	for _, path := range guarded {
		for _, shown := range []string{"", "sesame", "Bearer", "Bearer ", "Bearer sesam", "Bearer sesame2", "Basic sesame"} {
			got := ask(h, path[0], path[1], "", "Authorization", shown)
			checkRefusal(t, got, 401, "unauthorized", "Authorization: Bearer")
			if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") || strings.Contains(got.body, "sesam") {
				t.Errorf("%v: %v %s", path, got.header, got.body)
			}
		}
	}
	for _, path := range []string{"/healthz", "/ui/", "/ui/app.js", "/ui/app.css"} {
		if got := ask(h, "GET", path, ""); got.status != http.StatusOK {
			t.Errorf("%s holds no data and should be open: %d", path, got.status)
		}
	}
	for _, shown := range []string{"Bearer sesame", "bearer sesame", "Bearer  sesame "} {
		if got := ask(h, "GET", "/api/v1/state", "", "Authorization", shown, "Host", "admin.example.com"); got.status != http.StatusOK {
			t.Errorf("%q: %d %s", shown, got.status, got.body)
		}
	}
}

func TestWithoutATokenOnlyNamesOfThisListenerAreAnswered(t *testing.T) {
	o := everything(options())
	o.Hosts = []string{"gateway.internal"}
	h := handlerOf(t, o)
	for _, host := range []string{"127.0.0.1:8081", "127.0.0.1", "[::1]:8081", "[::1]", "localhost:8081", "LOCALHOST", "localhost.:8081", "10.1.2.3:8081", "gateway.internal:8081"} {
		if got := ask(h, "GET", "/api/v1/state", "", "Host", host); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", host, got.status, got.body)
		}
	}
	for _, host := range []string{"evil.example:8081", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost", "", ":8081", "[evil]"} {
		for _, path := range guarded {
			checkRefusal(t, ask(h, path[0], path[1], "", "Host", host), 403, "host_not_allowed", "IP address")
		}
	}
}

// A certificate is for names: a page whose name was made to point here has been refused by
// the browser before it asks.
func TestWithTLSTheNameIsTheCertificatesAffair(t *testing.T) {
	h := handlerOf(t, options())
	r := httptest.NewRequest(http.MethodGet, "https://gateway.example:8081/api/v1/state", nil) // which has TLS
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	for _, token := range []string{"", "sesame"} {
		o := everything(options())
		o.Token = token
		h := handlerOf(t, o)
		for _, path := range guarded {
			for _, from := range [][]string{
				{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
				{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://127.0.0.1:9999"},
			} {
				if path[0] == "GET" && from[0] == "Origin" {
					continue // it changes nothing, and its answer is not for the other page
				}
				got := ask(h, path[0], path[1], "", append(from, "Authorization", "Bearer "+token)...)
				checkRefusal(t, got, 403, "origin_not_allowed", "other origins")
			}
		}
	}
}

func TestThePageOfThisListenerAndProgramsMayChangeThings(t *testing.T) {
	o, made := options(), &changes{}
	o.Set = made.set
	h := handlerOf(t, o)
	for _, from := range [][]string{
		{"Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1:8081"},
		{"Origin", "http://127.0.0.1:8081"},
		{"Sec-Fetch-Site", "none"},
		nil,
	} {
		read[admin.State](t, ask(h, "PATCH", "/api/v1/settings", `{"drop_excess_requests":true}`, from...))
	}
}

func TestEveryAnswerTellsBrowsersToBeStrict(t *testing.T) {
	h := handlerOf(t, everything(options()))
	for _, path := range []string{"/healthz", "/api/v1/state", "/no/such/path", "/ui/", "/metrics"} {
		head := ask(h, "GET", path, "").header
		policy := head.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %q", path, policy, part)
			}
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("X-Frame-Options") != "DENY" || head.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, head)
		}
		if want := map[bool]string{true: "no-cache", false: "no-store"}[path == "/ui/"]; head.Get("Cache-Control") != want {
			t.Errorf("%s: cache-control %q, want %q", path, head.Get("Cache-Control"), want)
		}
	}
}
