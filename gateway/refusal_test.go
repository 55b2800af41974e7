package gateway_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// TestWhatHTTPRefusesIsToldWithTheWordsOfEveryDialect is of refusals whose status no kind
// of error has.
func TestWhatHTTPRefusesIsToldWithTheWordsOfEveryDialect(t *testing.T) {
	big := `{"pad":"` + strings.Repeat("x", limit) + `"}`
	for code, c := range map[string]struct {
		status            int
		opts              gateway.Options
		ask               func(t *testing.T, s *site, path string) received
		anthropics, words string
	}{
		"body_too_large": {413, gateway.Options{MaxBodyBytes: limit}, func(t *testing.T, s *site, path string) received { return s.post(t, path, big) },
			"request_too_large", "INVALID_ARGUMENT"},
		"unsupported_media_type": {415, gateway.Options{}, func(t *testing.T, s *site, path string) received {
			return s.post(t, path, "{}", "Content-Type", "text/plain")
		}, "invalid_request_error", "INVALID_ARGUMENT"},
		"body_timeout": {408, gateway.Options{BodyTimeout: 1}, func(t *testing.T, s *site, path string) received {
			r := s.stalled(t, 10)
			r.URL.Path = path
			return s.do(t, r)
		}, "timeout_error", "DEADLINE_EXCEEDED"},
	} {
		t.Run(code, func(t *testing.T) {
			s := serve(t, schemas.BifrostConfig{}, c.opts, bifrost.WithProvider("fake", always(answer)))
			wantError{status: c.status, code: code, kind: faulty}.check(t, c.ask(t, s, chatPath))
			wantRefusal(t, c.ask(t, s, messagesPath), c.status, c.anthropics, code)
			got := c.ask(t, s, generatePath)
			wantGoogles(t, got, c.status, c.words, code)
			if reason := gjson.Get(got.body, "error.details.0.reason").Str; reason != strings.ToUpper(code) {
				t.Errorf("the reason is %q", reason)
			}
		})
	}
}

func TestAPathThatIsWrittenOddlyIsRefusedInTheShapeOfWhoseItWouldBe(t *testing.T) {
	s := serveFake(t, always(answer))
	for _, path := range []string{"//v1/messages", "/x/../anthropic/v1/messages"} {
		wantRefusal(t, s.post(t, path, "{}"), 404, "not_found_error", "not_found")
	}
	for _, path := range []string{"/" + generatePath, "/v1/.." + generatePath} {
		wantGoogles(t, s.post(t, path, "{}"), 404, "NOT_FOUND", "not_found")
	}
	wantError{status: 404, code: "not_found", kind: faulty}.check(t, s.post(t, "/"+chatPath, "{}"))
}

// Google's SDKs have more than is served: their files are sent below /upload.
func TestWhatOnlyGoogleHasIsRefusedInItsShape(t *testing.T) {
	s := serveFake(t, always(answer))
	for _, path := range []string{"/upload/v1beta/files", "/v1beta/cachedContents", "/genai/v1beta/batches", "/v1alpha/models/m:generateContent"} {
		wantGoogles(t, s.post(t, path, "{}"), 404, "NOT_FOUND", "not_found")
	}
}
