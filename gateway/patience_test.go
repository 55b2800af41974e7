package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// after answers a call once it has taken some time.
func after(takes time.Duration, resp func() *schemas.RawResponse) *fake {
	return &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		select {
		case <-time.After(takes):
			return resp(), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
}

// inBubble runs a test of a gateway in virtual time; ask makes a chat and returns its
// answer.
func inBubble(t *testing.T, p *fake, settings schemas.ProviderConfig, test func(t *testing.T, ask func(header ...string) *httptest.ResponseRecorder)) {
	inBubbleWith(t, gateway.Options{}, p, settings, test)
}

func inBubbleWith(t *testing.T, o gateway.Options, p *fake, settings schemas.ProviderConfig, test func(t *testing.T, ask func(header ...string) *httptest.ResponseRecorder)) {
	synctest.Test(t, func(t *testing.T) {
		client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"fake": {Config: settings}}}, bifrost.WithProvider("fake", p))
		if err != nil {
			t.Fatal(err)
		}
		g := gateway.New(client, o)
		test(t, func(header ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, chatPath, strings.NewReader(goodChat))
			r.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			return w
		})
		if err := client.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if stats := client.Stats().Providers["fake"]; !stats.Balanced() || stats.InHand+stats.Queued != 0 {
			t.Errorf("the sum is wrong: %+v", stats)
		}
	})
}

func TestACallEndsWhenItsClientHasGivenUpAsTheSDKSays(t *testing.T) {
	const never = 0
	for _, c := range []struct {
		name, value string
		limit       time.Duration
	}{
		{"X-Stainless-Timeout", "0", time.Second}, // rounded down
		{"X-Stainless-Timeout", "20", 21 * time.Second},
		{"X-Stainless-Timeout", "600", never}, // nobody has set anything
		{"X-Stainless-Timeout", "-1", never},
		{"X-Stainless-Timeout", "soon", never},
		{"X-Stainless-Timeout", "", never},
		{"X-Stainless-Timeout", "NaN", never},
		{"X-Stainless-Timeout", strings.Repeat("9", 400), never},
		{"X-Stainless-Read-Timeout", "0.5", time.Second / 2},
		{"X-Stainless-Read-Timeout", "600.0", never},
		{"X-Stainless-Read-Timeout", "None", never},
		{"X-Stainless-Read-Timeout", "0", never},
		{"X-Server-Timeout", "7", 7 * time.Second}, // rounded up
		{"X-Server-Timeout", "600", 600 * time.Second},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			const takes = 30 * time.Minute
			inBubble(t, after(takes, func() *schemas.RawResponse { return reply(answer) }), schemas.ProviderConfig{}, func(t *testing.T, ask func(...string) *httptest.ResponseRecorder) {
				began := time.Now()
				w := ask(c.name, c.value)
				if c.limit == never {
					if took := time.Since(began); w.Code != 200 || took != takes {
						t.Errorf("got %d %s after %v", w.Code, w.Body, took)
					}
					return
				}
				if took := time.Since(began); w.Code != http.StatusGatewayTimeout || took != c.limit {
					t.Errorf("got %d after %v, want 504 after %v", w.Code, took, c.limit)
				}
				wantError{status: 504, code: "timeout", kind: "server_error", saysPartly: c.name}.check(t, received{w.Code, w.Header(), w.Body.String(), nil})
				if w.Header().Get("X-Bifrost-Provider") != "fake" {
					t.Errorf("got %v", w.Header())
				}
			})
		})
	}
}

func TestTheSmallestOfTheClientsLimitAndTheGatewaysEndsACall(t *testing.T) {
	for _, c := range []struct {
		own    time.Duration
		client string // X-Server-Timeout; empty: none
		limit  time.Duration
		says   string
	}{
		{5 * time.Second, "", 5 * time.Second, "the gateway gives"},
		{5 * time.Second, "7", 5 * time.Second, "the gateway gives"},
		{9 * time.Second, "7", 7 * time.Second, "X-Server-Timeout"},
		{-time.Second, "7", 7 * time.Second, "X-Server-Timeout"},
	} {
		t.Run(c.own.String()+" "+c.client, func(t *testing.T) {
			slow := after(time.Hour, func() *schemas.RawResponse { return reply(answer) })
			inBubbleWith(t, gateway.Options{AnswerTimeout: c.own}, slow, schemas.ProviderConfig{}, func(t *testing.T, ask func(...string) *httptest.ResponseRecorder) {
				began := time.Now()
				w := ask("X-Server-Timeout", c.client)
				if took := time.Since(began); took != c.limit {
					t.Errorf("it took %v, want %v", took, c.limit)
				}
				wantError{status: 504, code: "timeout", kind: "server_error", saysPartly: c.says}.check(t, received{w.Code, w.Header(), w.Body.String(), nil})
			})
		})
	}
}

func TestAServerTimeoutThatIsNoTimeIsRefused(t *testing.T) {
	s := serveFake(t, always(answer))
	for _, value := range []string{"soon", "-1", "0", "NaN", "1s"} {
		invalid("", "X-Server-Timeout").check(t, s.post(t, chatPath, goodChat, "X-Server-Timeout", value))
	}
}

func TestARequestWhoseClientHasGivenUpInTheQueueNeverReachesTheProvider(t *testing.T) {
	calls := 0
	p := after(10*time.Second, func() *schemas.RawResponse { return reply(answer) })
	slow := p.call
	p.call = func(ctx context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
		calls++ // by one worker
		return slow(ctx, raw)
	}
	settings := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 5}}
	inBubble(t, p, settings, func(t *testing.T, ask func(...string) *httptest.ResponseRecorder) {
		first, second := make(chan int, 1), make(chan int, 1)
		go func() { first <- ask().Code }()
		synctest.Wait()
		began := time.Now()
		go func() { second <- ask("X-Stainless-Timeout", "2").Code }()
		if got := <-second; got != 504 || time.Since(began) != 3*time.Second {
			t.Errorf("got %d after %v", got, time.Since(began))
		}
		if got := <-first; got != 200 || calls != 1 {
			t.Errorf("got %d; the provider was called %d times", got, calls)
		}
	})
}

// The clocks of some SDKs stop when the answer begins, so ours does too.
func TestAnAnswerThatHasBegunIsNotCutByTheClientsTime(t *testing.T) {
	for _, media := range []string{"text/event-stream", "application/json", "audio/mpeg"} {
		events := func() *schemas.RawResponse {
			r, w := io.Pipe()
			go func() { // ends with the answer
				for i := range 20 {
					if i > 0 {
						time.Sleep(time.Second)
					}
					if _, err := fmt.Fprintf(w, "data: %d\n\n", i); err != nil {
						return
					}
				}
				_ = w.Close()
			}()
			return replyFrom(media, r)
		}
		inBubble(t, after(time.Second, events), schemas.ProviderConfig{}, func(t *testing.T, ask func(...string) *httptest.ResponseRecorder) {
			if w := ask("X-Stainless-Timeout", "3"); w.Code != 200 || strings.Count(w.Body.String(), "data:") != 20 {
				t.Errorf("%s: got %d %s", media, w.Code, w.Body)
			}
		})
	}
}

func TestAProvidersErrorWithinTheTimeIsItsOwn(t *testing.T) {
	p := &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return nil, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500, Message: "it failed"}
	}}
	inBubble(t, p, schemas.ProviderConfig{}, func(t *testing.T, ask func(...string) *httptest.ResponseRecorder) {
		if w := ask("X-Stainless-Timeout", "3"); w.Code != 502 || !strings.Contains(w.Body.String(), "it failed") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}

// A retry that would end after the client's time is not waited for.
func TestARetryThatTheClientWouldNotSeeIsNotMade(t *testing.T) {
	calls := 0
	p := &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		calls++
		return nil, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 503, RetryAfter: 30 * time.Second, Message: "it rests"}
	}}
	inBubble(t, p, schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{MaxRetries: 3}}, func(t *testing.T, ask func(...string) *httptest.ResponseRecorder) {
		began := time.Now()
		if w := ask("X-Server-Timeout", "10"); w.Code != 502 || !strings.Contains(w.Body.String(), "it rests") || time.Since(began) != 0 || calls != 1 {
			t.Errorf("got %d %s after %v and %d calls", w.Code, w.Body, time.Since(began), calls)
		}
	})
}

func TestTheLogTellsAClientsTimeFromAClientThatLeft(t *testing.T) {
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("fake", after(time.Hour, func() *schemas.RawResponse { return reply(answer) })))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Shutdown(context.Background()) }()
		g := gateway.New(client, gateway.Options{Logger: zerolog.New(&log)})
		for _, leaves := range []bool{false, true} {
			ctx, leave := context.WithCancelCause(t.Context())
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, chatPath, strings.NewReader(goodChat))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Stainless-Timeout", "5")
			if leaves {
				time.AfterFunc(time.Second, func() { leave(errors.New("gone")) })
			}
			g.ServeHTTP(httptest.NewRecorder(), r)
			leave(nil)
		}
	})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"status":504`) || !strings.Contains(lines[1], `"status":499`) {
		t.Errorf("got %s", log.String())
	}
}
