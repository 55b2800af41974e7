package clients_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"bifrost/schemas"
)

// upstreamErrors are a provider's refusals and our code for each.
var upstreamErrors = []struct {
	status int
	kind   string // what the SDK has as Type
	code   string // X-Bifrost-Code
}{
	{400, "invalid_request_error", "invalid_request"},
	{401, "authentication_error", "upstream_credentials"},
	{402, "invalid_request_error", "upstream_credentials"},
	{403, "permission_error", "upstream_credentials"},
	{404, "invalid_request_error", "not_found"},
	{408, "invalid_request_error", "timeout"},
	{409, "invalid_request_error", "invalid_request"},
	{413, "invalid_request_error", "invalid_request"},
	{422, "invalid_request_error", "invalid_request"},
	{429, "rate_limit_error", "rate_limited"},
	{500, "server_error", "upstream"},
	{502, "server_error", "upstream"},
	{503, "server_error", "upstream"},
	{504, "server_error", "timeout"},
	{529, "server_error", "upstream"},
}

// failingCalls are the calls that a provider's refusal may answer.
var failingCalls = map[string]func(t *testing.T, d *door, opts ...option.RequestOption) error{
	"chat": func(t *testing.T, d *door, opts ...option.RequestOption) error {
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("no"), opts...)
		return err
	},
	"stream": func(t *testing.T, d *door, opts ...option.RequestOption) error {
		_, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("no"), opts...))
		return err
	},
	"embeddings": func(t *testing.T, d *door, opts ...option.RequestOption) error {
		_, err := d.sdk.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: d.model("e"),
			Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("no")}}, opts...)
		return err
	},
}

// A refusal of our key is not the caller's fault, so it is not told as one; any
// other keeps its status and its words.
func TestProvidersRefusalKeepsItsStatusAndWordsUnlessItIsAboutOurKey(t *testing.T) {
	for name, call := range failingCalls {
		for _, c := range upstreamErrors {
			t.Run(fmt.Sprintf("%s %d", name, c.status), func(t *testing.T) {
				site{}.each(t, func(t *testing.T, d *door) {
					e := refusalOf(t, call(t, d, simulate(fmt.Sprintf("status=%d", c.status))))
					wantStatus, wantKind, wantCode, wantWords := c.status, c.kind, "", fmt.Sprintf("simulated status %d", c.status)
					if d.ours() && c.code == "upstream_credentials" {
						wantStatus, wantKind, wantCode, wantWords = 502, "server_error", c.code, "the provider refused the key"
					}
					if e.StatusCode != wantStatus || e.Type != wantKind || e.Code != wantCode || !strings.HasPrefix(e.Message, wantWords) {
						t.Errorf("got %s", describe(e))
					}
					h := e.Response.Header
					if d.ours() && (h.Get("X-Bifrost-Code") != c.code || h.Get("X-Bifrost-Origin") != "upstream") {
						t.Errorf("got headers %v", h)
					}
					if h.Get("X-Request-Id") == "" || h.Get("Content-Type") != "application/json" {
						t.Errorf("got headers %v", h)
					}
				})
			})
		}
	}
}

func TestProvidersOwnCodeAndParamReachTheSDKAndOurKeyDoesNot(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Ratelimit-Remaining-Tokens", "17")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"message":"too long for `+providerKey+`","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`)
	}).each(t, func(t *testing.T, d *door) {
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("no"))
		e := refusalOf(t, err)
		if e.StatusCode != 400 || e.Code != "context_length_exceeded" || e.Param != "messages" || !strings.HasPrefix(e.Message, "too long for ") {
			t.Errorf("got %s", describe(e))
		}
		if e.Response.Header.Get("X-Ratelimit-Remaining-Tokens") != "17" {
			t.Errorf("got headers %v", e.Response.Header)
		}
		if d.ours() && strings.Contains(e.RawJSON(), providerKey) {
			t.Error("the caller is shown the key")
		}
	})
}

func TestRetryAfterIsPassedOnUnlessItIsTooLong(t *testing.T) {
	for after, want := range map[string][2]string{"7": {"7", ""}, "59": {"59", ""}, "60": {"", "false"}, "86400": {"", "false"}} {
		t.Run(after, func(t *testing.T) {
			site{}.ours().each(t, func(t *testing.T, d *door) {
				_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("no"), simulate("status=429,retry-after="+after))
				e := refusalOf(t, err)
				got := [2]string{e.Response.Header.Get("Retry-After"), e.Response.Header.Get("X-Should-Retry")}
				if e.StatusCode != 429 || e.Type != "rate_limit_error" || got != want {
					t.Errorf("got %s with %q, want %q", describe(e), got, want)
				}
			})
		})
	}
}

func TestSpentQuotaIsNotWorthARetry(t *testing.T) {
	var attempts atomic.Int32
	s := serving(func(w http.ResponseWriter, r *http.Request) {
		attempts.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":{"message":"pay","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`)
	})
	s.ours().each(t, func(t *testing.T, d *door) {
		attempts.Store(0)
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("no"), option.WithMaxRetries(2))
		if e := refusalOf(t, err); e.StatusCode != 429 || e.Code != "insufficient_quota" || attempts.Load() != 1 {
			t.Errorf("got %s after %d attempts", describe(e), attempts.Load())
		}
	})
}

func TestRateLimitHeadersOfAnAnswerReachTheSDK(t *testing.T) {
	site{simulation: schemas.SimulationConfig{Concurrency: 5}}.each(t, func(t *testing.T, d *door) {
		var resp *http.Response
		d.chat(t, d.ask("limits"), option.WithResponseInto(&resp))
		if resp.Header.Get("X-Ratelimit-Limit-Requests") != "5" || resp.Header.Get("X-Ratelimit-Remaining-Requests") != "4" {
			t.Errorf("got headers %v", resp.Header)
		}
	})
}

// onlyAtFirst asks for a behaviour at the SDK's first attempt.
func onlyAtFirst(switches string) option.RequestOption {
	return option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		if r.Header.Get("X-Stainless-Retry-Count") == "0" {
			r.Header.Set("X-Simulate", switches)
		}
		return next(r)
	})
}

// The SDK's wait has to end when our key is no longer resting.
func TestSDKRetriesAfterAProvidersRetryAfterAndSucceeds(t *testing.T) {
	site{}.eachInFakeTime(t, func(t *testing.T, d *door) {
		began := time.Now()
		d.chat(t, d.ask("again"), option.WithMaxRetries(1), onlyAtFirst("status=429,retry-after=3"))
		if waited := time.Since(began); waited != 3*time.Second {
			t.Errorf("it took %v, want 3s", waited)
		}
	})
}

func TestSDKRetriesAProvidersFailureWithItsOwnBackoff(t *testing.T) {
	for _, switches := range []string{"status=500", "status=503", "status=408", "status=409", "html,status=502", "reset"} {
		t.Run(switches, func(t *testing.T) {
			site{}.eachInFakeTime(t, func(t *testing.T, d *door) {
				began := time.Now()
				d.chat(t, d.ask("again"), option.WithMaxRetries(1), onlyAtFirst(switches))
				if waited := time.Since(began); waited < 300*time.Millisecond || waited > time.Second {
					t.Errorf("it took %v", waited)
				}
			})
		})
	}
}

// Of an HTML page the SDK makes a parse failure, or a stream without an event
// that ends as if it were whole.
func TestProvidersHTMLPageIsAnErrorThatTheSDKUnderstands(t *testing.T) {
	for name, call := range failingCalls {
		for switches, status := range map[string]int{"html,status=503": 503, "html,status=404": 404, "html,status=403": 502, "html": 502} {
			t.Run(name+" "+switches, func(t *testing.T) {
				site{}.ours().each(t, func(t *testing.T, d *door) {
					e := refusalOf(t, call(t, d, simulate(switches)))
					if e.StatusCode != status || e.Message == "" || e.Type == "" || strings.Contains(e.RawJSON(), "doctype") {
						t.Errorf("got %s", describe(e))
					}
				})
			})
		}
	}
}

// An answer in one piece to a request for a stream has no event, so the SDK would
// take it for an empty stream that ended well.
func TestAnswerInOnePieceToARequestForAStreamIsAnError(t *testing.T) {
	for name, body := range map[string]string{"an answer": wholeChat, "an error": `{"error":{"message":"late","code":503}}`} {
		t.Run(name, func(t *testing.T) {
			s := serving(func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, body) })
			s.ours().each(t, func(t *testing.T, d *door) {
				chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("stream")))
				if e := refusalOf(t, err); e.StatusCode < 500 || len(chunks) != 0 {
					t.Errorf("got %d chunks and %s", len(chunks), describe(e))
				}
			})
		})
	}
}

// withinSuccess are errors that a provider sends with status 200, and what they
// are told as.
var withinSuccess = []struct {
	body   string
	status int
	code   string // X-Bifrost-Code
	words  string
}{
	{`{"error":{"message":"slow down","type":"requests","code":429}}`, 429, "rate_limited", "slow down"},
	{`{"error":{"message":"no upstream","code":503},"choices":[]}`, 503, "upstream", "no upstream"},
	{`{"error":{"message":"bad input","type":"invalid_request_error"}}`, 400, "invalid_request", "bad input"},
	{`{"error":{"message":"for ` + providerKey + `","code":401}}`, 502, "upstream_credentials", "the provider refused the key"},
	{`{"error":"in words for ` + providerKey + `"}`, 500, "upstream", "in words for ***"},
}

// Of a success with an error in it the SDK makes an answer without a choice.
func TestErrorWithinASuccessIsAnErrorInTheSDK(t *testing.T) {
	for name, call := range failingCalls {
		for _, c := range withinSuccess {
			t.Run(fmt.Sprintf("%s %d", name, c.status), func(t *testing.T) {
				s := serving(func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, c.body) })
				s.ours().each(t, func(t *testing.T, d *door) {
					e := refusalOf(t, call(t, d))
					if e.StatusCode != c.status || !strings.HasPrefix(e.Message, c.words) || strings.Contains(e.RawJSON(), providerKey) {
						t.Errorf("got %s", describe(e))
					}
					h := e.Response.Header
					if h.Get("X-Bifrost-Code") != c.code || h.Get("X-Bifrost-Origin") != "upstream" || h.Get("X-Request-Id") == "" {
						t.Errorf("got headers %v", h)
					}
					stop(t, d.client)
					if s := d.stats(); s.Failed != 1 || s.Completed != 0 {
						t.Errorf("got %+v", s)
					}
				})
			})
		}
	}
}

func TestErrorWithinASuccessIsRetriedAsAnyOther(t *testing.T) {
	var attempts atomic.Int32
	s := serving(func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) == 1 {
			sendJSON(w, `{"error":{"message":"try again","code":503}}`)
			return
		}
		sendJSON(w, wholeChat)
	})
	s.config.NetworkConfig = schemas.NetworkConfig{MaxRetries: 1, RetryBackoffInitial: time.Millisecond, RetryBackoffMax: time.Millisecond}
	s.ours().each(t, func(t *testing.T, d *door) {
		attempts.Store(0)
		if answer := d.chat(t, d.ask("again")); answer.Choices[0].Message.Content != "hello" || attempts.Load() != 2 {
			t.Errorf("got %s after %d attempts", answer.RawJSON(), attempts.Load())
		}
	})
}

// An upstream may show the key it was sent, in whatever it sends.
func TestKeyThatAProviderEchoesNeverReachesTheSDK(t *testing.T) {
	quoted := strings.ReplaceAll(providerKey, "/", `\/`)
	failure := `{"error":{"message":"no ` + providerKey + ` and ` + quoted + `","type":"t","code":"c"}}`
	for name, c := range map[string]struct {
		status      int
		media, body string
	}{
		"an error body":         {400, "application/json", failure},
		"an error within a 200": {200, "application/json", failure},
		"an error first":        {200, "text/event-stream", "data: " + failure + "\n\n"},
		"an error event":        {200, "text/event-stream", helloChunk + "data: " + failure + "\n\n"},
		"an unfinished error":   {200, "text/event-stream", helloChunk + "data: " + failure},
		"a whole stream":        {200, "text/event-stream", helloChunk + stopChunk + endMark},
		"a whole answer":        {200, "application/json", wholeChat},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(func(w http.ResponseWriter, r *http.Request) {
				for _, header := range []string{"X-Echo", "X-Request-Id", "X-Ratelimit-Limit-Requests"} {
					w.Header().Set(header, r.Header.Get("Authorization"))
				}
				w.Header().Set("Content-Type", c.media)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			s.ours().each(t, func(t *testing.T, d *door) {
				var wire bytes.Buffer
				var resp *http.Response
				keep := []option.RequestOption{wireTo(&wire), option.WithResponseInto(&resp)}
				var err error
				if c.media == "text/event-stream" {
					_, err = read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("who am I?"), keep...))
				} else {
					_, err = d.sdk.Chat.Completions.New(t.Context(), d.ask("who am I?"), keep...)
				}
				if whole := strings.HasPrefix(name, "a whole"); whole == (err != nil) {
					t.Errorf("got %v", err)
				}
				told := fmt.Sprint(err, resp.Header, wire.String())
				for _, form := range []string{providerKey, quoted} {
					if strings.Contains(told, form) {
						t.Errorf("the key is in %s", told)
					}
				}
				if wire.Len() == 0 {
					t.Error("nothing was read")
				}
			})
		})
	}
}
