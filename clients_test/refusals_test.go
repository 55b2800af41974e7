package clients_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"bifrost/gateway"
	"bifrost/schemas"
)

// occupied starts n calls that take the given time and must succeed, and returns
// when all are on their way. They are waited for at the test's end.
func occupied(t *testing.T, d *door, n int, each time.Duration) {
	t.Helper()
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			_, err := d.sdk.Chat.Completions.New(context.Background(), d.ask("busy"), simulate("latency="+each.String()))
			if err != nil {
				t.Error(describe(err))
			}
		})
		synctest.Wait()
	}
	t.Cleanup(calls.Wait)
}

// checkRefusal checks an answer of ours, by what WIRE says of it.
func checkRefusal(t *testing.T, err error, status int, kind, code string) *openai.Error {
	t.Helper()
	e := refusalOf(t, err)
	h := e.Response.Header
	if e.StatusCode != status || e.Type != kind || e.Code != code || e.Message == "" {
		t.Errorf("got %s, want %d, %s, %s", describe(e), status, kind, code)
	}
	if h.Get("X-Bifrost-Origin") != "gateway" || h.Get("X-Bifrost-Code") != code ||
		h.Get("X-Request-Id") == "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("got headers %v", h)
	}
	return e
}

// retryAfter is the wait that a refusal asks for: whole seconds, 1 to 59.
func retryAfter(t *testing.T, h http.Header) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 59 {
		t.Fatalf("Retry-After is %q", h.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

func TestFullMailboxRefusesAtOnceInDropMode(t *testing.T) {
	site{}.ours().sized(2, 3).dropping().eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 5, 10*time.Second)
		for name, call := range failingCalls {
			began := time.Now()
			e := checkRefusal(t, call(t, d), 503, "server_error", "queue_full")
			if retryAfter(t, e.Response.Header); time.Since(began) != 0 {
				t.Errorf("%s: it took %v", name, time.Since(began))
			}
		}
		if s := d.stats(); s.Refused[schemas.ReasonQueueFull] != 3 || s.InHand != 2 || s.Queued != 3 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestSDKObeysRetryAfterOfAFullMailboxAndSucceedsWhenThereIsRoom(t *testing.T) {
	site{}.ours().sized(1, 1).dropping().eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, 400*time.Millisecond)
		var asked time.Duration
		note := option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
			resp, err := next(r)
			if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
				asked += retryAfter(t, resp.Header)
			}
			return resp, err
		})
		began := time.Now()
		d.chat(t, d.ask("patiently"), option.WithMaxRetries(2), note)
		if waited := time.Since(began); asked == 0 || waited != asked {
			t.Errorf("it took %v, and %v were asked for", waited, asked)
		}
	})
}

func TestSDKGivesUpOnAMailboxThatStaysFull(t *testing.T) {
	site{}.ours().sized(1, 1).dropping().eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, 4*time.Minute)
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("in vain"), option.WithMaxRetries(2))
		checkRefusal(t, err, 503, "server_error", "queue_full")
		if s := d.stats(); s.Refused[schemas.ReasonQueueFull] != 3 {
			t.Errorf("%d attempts were refused, want 3", s.Refused[schemas.ReasonQueueFull])
		}
	})
}

func TestFullMailboxIsWaitedForInWaitMode(t *testing.T) {
	site{}.ours().sized(1, 1).eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, time.Second)
		began := time.Now()
		d.chat(t, d.ask("in turn"))
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("it took %v, want 2s", waited)
		}
	})
}

func TestQueueTimeoutEndsTheWaitForAPlace(t *testing.T) {
	s := site{config: schemas.ProviderConfig{QueueTimeout: 3 * time.Second}}
	s.ours().sized(1, 1).eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, time.Minute)
		began := time.Now()
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("not for ever"))
		e := checkRefusal(t, err, 503, "server_error", "queue_timeout")
		if retryAfter(t, e.Response.Header); time.Since(began) != 3*time.Second {
			t.Errorf("it took %v, want 3s", time.Since(began))
		}
	})
}

func TestClientThatIsStoppingRefusesAsDrainingAndFinishesWhatItHas(t *testing.T) {
	site{}.ours().sized(1, 5).eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, 5*time.Second)
		stopped := make(chan error, 1)
		go func() { stopped <- d.client.Shutdown(context.Background()) }()
		synctest.Wait()
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("too late"))
		e := checkRefusal(t, err, 503, "server_error", "draining")
		if retryAfter(t, e.Response.Header) != time.Second {
			t.Errorf("got headers %v", e.Response.Header)
		}
		if d.entrance == throughGW && !e.Response.Close {
			t.Error("the connection is to be kept")
		}
		if err := await(t, stopped, "the end of the shutdown"); err != nil {
			t.Error(err)
		}
		_, err = d.sdk.Chat.Completions.New(t.Context(), d.ask("far too late"))
		checkRefusal(t, err, 503, "server_error", "draining")
	})
}

func TestGatewayThatDrainsRefusesNewCallsOnly(t *testing.T) {
	s := site{entrances: []entrance{throughGW}}
	s.eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, 5*time.Second)
		d.gateway.Drain()
		for _, call := range failingCalls {
			e := checkRefusal(t, call(t, d), 503, "server_error", "draining")
			if retryAfter(t, e.Response.Header) != time.Second || !e.Response.Close {
				t.Errorf("got headers %v", e.Response.Header)
			}
		}
	})
}

func TestRestingKeysAreARateLimitThatTheSDKWaitsFor(t *testing.T) {
	site{}.ours().eachInFakeTime(t, func(t *testing.T, d *door) {
		_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask("no"), simulate("status=429,retry-after=30"))
		if e := refusalOf(t, err); e.StatusCode != 429 {
			t.Fatalf("got %s", describe(e))
		}
		_, err = d.sdk.Chat.Completions.New(t.Context(), d.ask("soon"))
		e := checkRefusal(t, err, 429, "rate_limit_error", "keys_resting")
		if retryAfter(t, e.Response.Header) != 30*time.Second {
			t.Errorf("got headers %v", e.Response.Header)
		}
		began := time.Now()
		d.chat(t, d.ask("then"), option.WithMaxRetries(1))
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("it took %v, want 30s", waited)
		}
	})
}

func TestUnknownProviderIsNotFound(t *testing.T) {
	s := site{models: []string{"sim-small"}}
	s.ours().each(t, func(t *testing.T, d *door) {
		p := d.ask("anybody?")
		p.Model = "nobody/some-model"
		sdk := d.sdk
		if d.entrance == transport {
			sdk = newSDK(option.WithHTTPClient(&http.Client{Transport: d.client.Transport("nobody")}))
		}
		_, err := sdk.Chat.Completions.New(t.Context(), p, option.WithMaxRetries(2))
		e := checkRefusal(t, err, 404, "invalid_request_error", "not_found")
		if d.entrance == throughGW && (e.Param != "model" || !strings.Contains(e.Message, d.provider)) {
			t.Errorf("got %s", describe(e))
		}
	})
}

func TestModelThatNoKeyIsForIsNotFound(t *testing.T) {
	s := site{models: []string{"sim-small"}}
	s.ours().each(t, func(t *testing.T, d *door) {
		p := d.ask("anybody?")
		p.Model = d.model("sim-large")
		_, err := d.sdk.Chat.Completions.New(t.Context(), p, option.WithMaxRetries(2))
		checkRefusal(t, err, 404, "invalid_request_error", "not_found")
		d.chat(t, d.ask("the other one"))
	})
}

func TestOperationThatTheProviderLacksIsRefusedWithoutARetry(t *testing.T) {
	s := serving(func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, wholeChat) }).ours()
	s.config.Type = "groq" // no embeddings
	s.each(t, func(t *testing.T, d *door) {
		e := checkRefusal(t, failingCalls["embeddings"](t, d, option.WithMaxRetries(2)), 400, "invalid_request_error", "unsupported_operation")
		if e.Response.Header.Get("X-Should-Retry") != "false" {
			t.Errorf("got headers %v", e.Response.Header)
		}
		d.chat(t, d.ask("that it has"))
	})
}

func TestBodyOverTheLimitIsRefusedByTheGatewayBeforeTheProvider(t *testing.T) {
	s := site{entrances: []entrance{throughGW}, gateway: gateway.Options{MaxBodyBytes: 1 << 20}}
	s.each(t, func(t *testing.T, d *door) {
		for _, size := range []int{1 << 20, 8 << 20} {
			_, err := d.sdk.Chat.Completions.New(t.Context(), d.ask(strings.Repeat("x", size)), option.WithMaxRetries(2))
			checkRefusal(t, err, 413, "invalid_request_error", "body_too_large")
		}
		d.chat(t, d.ask("shorter"))
		if s := d.stats(); s.Offered != 1 {
			t.Errorf("%d calls have reached the provider, want 1", s.Offered)
		}
	})
}
