package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// limit is max_body_bytes of the tests of bad input.
const limit = 4096

// TestBadInputIsRefusedClearlyBeforeAnyProviderAndDisturbsNothing sends each bad
// request, and then a good one.
func TestBadInputIsRefusedClearlyBeforeAnyProviderAndDisturbsNothing(t *testing.T) {
	for name, c := range badRows {
		t.Run(name, func(t *testing.T) {
			account := schemas.StaticAccount{"other": {Config: schemas.ProviderConfig{Type: "ollama"}}}
			p, seen := recording(reply(answer))
			s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{MaxBodyBytes: limit}, bifrost.WithProvider("fake", p))
			got := c.send(t, s)
			c.want.check(t, got)
			if c.want.status == 405 && got.header.Get("Allow") == "" {
				t.Error("there is no Allow header")
			}
			if len(seen) > 0 {
				t.Error("the provider was called")
			}
			if got := s.post(t, chatPath, goodChat); got.status != 200 || got.body != answer {
				t.Errorf("the next good request got %d %s", got.status, got.body)
			}
		})
	}
}

func TestOtherJSONContentTypesAreAccepted(t *testing.T) {
	s := serveFake(t, always(answer))
	for _, media := range []string{"application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"} {
		if got := s.post(t, chatPath, goodChat, "Content-Type", media); got.status != 200 {
			t.Errorf("%s: got %d %s", media, got.status, got.body)
		}
	}
}

func TestABodyOfExactlyTheLimitIsAccepted(t *testing.T) {
	body := `{"model":"fake/m","messages":[],"pad":"`
	body += strings.Repeat("x", limit-len(body)-2) + `"}`
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{MaxBodyBytes: limit}, bifrost.WithProvider("fake", always(answer)))
	if got := s.post(t, chatPath, body); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// stalled is a chat whose body never comes.
func (s *site) stalled(t *testing.T, length int64) *http.Request {
	held, release := io.Pipe()
	r := s.request(t, "POST", chatPath, "", "Content-Type", "application/json")
	r.Body, r.ContentLength = held, length
	// The client's transport cannot give up while it reads the body.
	context.AfterFunc(r.Context(), func() { release.Close() })
	return r
}

func TestABodyDeclaredTooLargeIsRefusedWithoutBeingRead(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{MaxBodyBytes: limit}, bifrost.WithProvider("fake", always(answer)))
	r := s.stalled(t, limit+1)
	wantError{status: 413, code: "body_too_large", kind: faulty}.check(t, s.do(t, r))
}

func TestABodyThatDoesNotArriveInTimeIsGivenUp(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{BodyTimeout: 1}, bifrost.WithProvider("fake", always(answer)))
	wantError{status: 408, code: "body_timeout", kind: faulty}.check(t, s.do(t, s.stalled(t, 10)))
}

func TestHEADIsAnsweredLikeGETWithoutABody(t *testing.T) {
	s := serveFake(t, always(answer))
	if got := s.do(t, s.request(t, http.MethodHead, "/healthz", "")); got.status != 200 || got.body != "" {
		t.Errorf("got %d %q", got.status, got.body)
	}
}
