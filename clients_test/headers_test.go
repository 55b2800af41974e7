package clients_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3/option"
)

func TestProviderSeesTheCallsHeadersAndOurKeyButNothingOfTheCallersOwn(t *testing.T) {
	headers := make(chan http.Header, 1)
	serving(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		sendJSON(w, wholeChat)
	}).ours().each(t, func(t *testing.T, d *door) {
		d.chat(t, d.ask("who is it?"), option.WithHeader("X-Custom", "kept"), option.WithHeader("Cookie", "a=b"),
			option.WithRequestTimeout(time.Minute))
		h := await(t, headers, "the request")
		if h.Get("Authorization") != "Bearer "+providerKey {
			t.Error("the key is not the provider's")
		}
		for name, values := range h {
			if text := strings.Join(values, " "); strings.Contains(text, callerKey) {
				t.Errorf("%s has the caller's key", name)
			}
		}
		if h.Get("X-Custom") != "kept" || h.Get("Cookie") != "" || h.Get("Content-Type") != "application/json" {
			t.Errorf("got %v", h)
		}
		if !strings.HasPrefix(h.Get("User-Agent"), "OpenAI/Go") || h.Get("X-Stainless-Lang") != "go" || h.Get("X-Stainless-Timeout") != "60" {
			t.Errorf("got %v", h)
		}
	})
}

func TestAnyValueOfTheSDKsOwnHeadersIsTaken(t *testing.T) {
	for name, values := range map[string][]string{
		"X-Stainless-Timeout":     {"0", "600", "-1", "soon", ""},
		"X-Stainless-Retry-Count": {"0", "7", "many"},
		"X-Stainless-Lang":        {strings.Repeat("x", 4000)},
		"X-Request-Id":            {"mine", strings.Repeat("y", 4000), "with a blank"},
		"Idempotency-Key":         {"stainless-go-1"},
	} {
		site{}.each(t, func(t *testing.T, d *door) {
			for _, value := range values {
				d.chat(t, d.ask("hello"), option.WithHeader(name, value))
			}
		})
	}
}

// A cookie or a redirect of the provider's is its own affair with us.
func TestProvidersCookiesAndRedirectsDoNotReachTheSDK(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "ours"})
		if r.Header.Get("X-Elsewhere") != "" {
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect)
			return
		}
		sendJSON(w, wholeChat)
	}).ours().each(t, func(t *testing.T, d *door) {
		var resp *http.Response
		d.chat(t, d.ask("hello"), option.WithResponseInto(&resp))
		if resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("got headers %v", resp.Header)
		}
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("hello"), option.WithHeader("X-Elsewhere", "yes"))
		if e := refusalOf(t, err); e.StatusCode != 502 || e.Response.Header.Get("Location") != "" || e.Response.Header.Get("Set-Cookie") != "" {
			t.Errorf("got %s", describe(e))
		}
	})
}

// SDKs show it when they report a fault.
func TestEveryAnswerHasARequestID(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "event-stream") {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, helloChunk+stopChunk+endMark)
			return
		}
		sendJSON(w, wholeChat)
	}).ours().each(t, func(t *testing.T, d *door) {
		var whole, streamed *http.Response
		d.chat(t, d.ask("hello"), option.WithResponseInto(&whole))
		d.stream(t, d.ask("hello"), option.WithResponseInto(&streamed), option.WithHeader("Accept", "text/event-stream"))
		a, b := whole.Header.Get("X-Request-Id"), streamed.Header.Get("X-Request-Id")
		if a == "" || b == "" || a == b {
			t.Errorf("got %q and %q", a, b)
		}
	})
}
