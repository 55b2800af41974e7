package gateway_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const page = "https://app.example"

// preflight is what a browser asks before a page's call with these headers, which it
// writes in lower case, sorted.
func (s *site) preflight(t *testing.T, origin string, headers ...string) received {
	t.Helper()
	for i := range headers {
		headers[i] = strings.ToLower(headers[i])
	}
	slices.Sort(headers)
	return s.do(t, s.request(t, http.MethodOptions, chatPath, "", "Origin", origin, "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", strings.Join(headers, ",")))
}

// fromBrowsers are the headers of the SDKs' calls from a page.
var fromBrowsers = map[string][]string{
	"OpenAI":    {"Authorization", "Content-Type", "X-Stainless-Arch", "X-Stainless-Lang", "X-Stainless-OS", "X-Stainless-Package-Version", "X-Stainless-Retry-Count", "X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Stainless-Timeout"},
	"Anthropic": {"Anthropic-Dangerous-Direct-Browser-Access", "Anthropic-Version", "Anthropic-Beta", "Content-Type", "X-Api-Key", "X-Stainless-Helper-Method", "X-Stainless-Retry-Count", "X-Stainless-Timeout"},
	"Google":    {"Content-Type", "X-Goog-Api-Client", "X-Goog-Api-Key", "X-Server-Timeout"},
}

func TestNoPageOfAnotherOriginMayCallUnlessItIsAllowed(t *testing.T) {
	generous := &fake{call: always(answer).call}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", generous))
	if got := s.preflight(t, page, "Content-Type"); got.status < 400 || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	if got := s.post(t, chatPath, goodChat, "Origin", page); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("got %v", got.header)
	}
}

func TestAnAllowedPageMayCallWithWhatItsSDKSendsAndReadWhatItNeeds(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil),
		CORS: gateway.CORS{AllowedOrigins: []string{page}, AllowedHeaders: []string{"X-Own"}, MaxAge: time.Hour}}, bifrost.WithProvider("fake", always(answer)))
	for sdk, headers := range fromBrowsers {
		got := s.preflight(t, page, append(headers, "X-Own")...) // it shows no key
		h := got.header
		if got.status != 204 || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Methods") != "POST" || h.Get("Access-Control-Allow-Headers") == "" ||
			h.Get("Access-Control-Max-Age") != "3600" || h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(h.Get("Vary"), "Origin") {
			t.Errorf("%s: got %d %v", sdk, got.status, h)
		}
	}
	for name, got := range map[string]received{"another page": s.preflight(t, "https://evil.example", "Content-Type"), "another header": s.preflight(t, page, "X-Other")} {
		if got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %v", name, got.header)
		}
	}
	for status, key := range map[int]string{200: teamKey, 401: "none"} {
		got := s.post(t, chatPath, goodChat, "Origin", page, "X-Api-Key", key)
		h := got.header
		if got.status != status || h.Get("Access-Control-Allow-Origin") != page || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "X-Request-Id") ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "X-Bifrost-Code") || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Retry-After") {
			t.Errorf("got %d %v", got.status, h)
		}
	}
	if got := s.post(t, chatPath, goodChat, "Origin", "https://evil.example", "X-Api-Key", teamKey); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another page: got %v", got.header)
	}
}

func TestAnyPageMayCallWithoutCredentialsOfItsBrowser(t *testing.T) {
	upstream := replyFrom("application/json", strings.NewReader(answer))
	upstream.Header.Set("Access-Control-Allow-Origin", "https://provider.example")
	upstream.Header.Set("Access-Control-Allow-Credentials", "true")
	upstream.Header.Set("Vary", "Accept")
	p, _ := recording(upstream)
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{CORS: gateway.CORS{AllowedOrigins: []string{"*"}}}, bifrost.WithProvider("fake", p))
	if got := s.preflight(t, page, "Content-Type"); got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("got %v", got.header)
	}
	got := s.post(t, chatPath, goodChat, "Origin", page)
	if h := got.header; h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" || !slices.Equal(h.Values("Vary"), []string{"Origin", "Accept"}) {
		t.Errorf("what the provider says of other pages is passed on: %v", h)
	}
}

func TestOriginsAreValidated(t *testing.T) {
	for _, origin := range []string{"example.com", "https://", "https://example.com/", "https://example.com/path", "ftp://example.com", ""} {
		if (gateway.Options{CORS: gateway.CORS{AllowedOrigins: []string{origin}}}).Validate() == nil {
			t.Errorf("%q is taken for an origin", origin)
		}
	}
	good := gateway.Options{CORS: gateway.CORS{AllowedOrigins: []string{"*", "https://a.example:8443", "http://localhost:3000"}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}
