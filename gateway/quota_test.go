package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// quotaSite is a gateway in a bubble, whose only client has limits.
type quotaSite struct {
	t       *testing.T
	gateway *gateway.Gateway
	client  *bifrost.Client
}

func quotas(t *testing.T, limits gateway.Client, p *fake, settings schemas.ProviderConfig, test func(q *quotaSite)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"fake": {Config: settings}}}, bifrost.WithProvider("fake", p))
		if err != nil {
			t.Fatal(err)
		}
		q := &quotaSite{t: t, client: client, gateway: gateway.New(client, gateway.Options{Clients: limited(limits)})}
		test(q)
		if err := client.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if s := client.Stats().Providers["fake"]; !s.Balanced() || s.Queued+s.InHand+s.Waiting+s.BackingOff != 0 {
			t.Errorf("the sum is wrong: %+v", s)
		}
		for _, c := range q.gateway.Clients() {
			if c.InFlight != 0 {
				t.Errorf("at rest %d requests are in flight", c.InFlight)
			}
		}
	})
}

func limited(c gateway.Client) []gateway.Client {
	c.Name, c.Keys = "team", []string{gateway.HashKey(teamKey)}
	return []gateway.Client{c}
}

func (q *quotaSite) ask(body string) *httptest.ResponseRecorder { return q.askAt(q.t.Context(), body) }

func (q *quotaSite) askAt(ctx context.Context, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, chatPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+teamKey)
	w := httptest.NewRecorder()
	q.gateway.ServeHTTP(w, r)
	return w
}

// refused checks a refusal by one of the client's own limits.
func (q *quotaSite) refused(w *httptest.ResponseRecorder, code, retryAfter string) {
	q.t.Helper()
	h := w.Header()
	if w.Code != 429 || gjson.Get(w.Body.String(), "error.type").Str != "rate_limit_error" || gjson.Get(w.Body.String(), "error.code").Str != code ||
		h.Get("X-Bifrost-Code") != code || h.Get("X-Bifrost-Origin") != "gateway" || h.Get("Retry-After") != retryAfter {
		q.t.Errorf("got %d %v %s; want 429 %s, Retry-After %q", w.Code, h, w.Body, code, retryAfter)
	}
}

func (q *quotaSite) served(w *httptest.ResponseRecorder) {
	q.t.Helper()
	if w.Code != 200 {
		q.t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestRequestsPerMinuteAreExactAndComeBackEvenly(t *testing.T) {
	quotas(t, gateway.Client{RequestsPerMinute: 4}, always(answer), schemas.ProviderConfig{}, func(q *quotaSite) {
		for range 4 {
			q.served(q.ask(goodChat))
		}
		for range 3 { // a refusal uses nothing
			q.refused(q.ask(goodChat), "client_rate_limited", "15")
		}
		time.Sleep(14 * time.Second)
		q.refused(q.ask(goodChat), "client_rate_limited", "1")
		time.Sleep(time.Second)
		q.served(q.ask(goodChat))
		q.refused(q.ask(goodChat), "client_rate_limited", "15")
		time.Sleep(time.Hour)
		for range 4 {
			q.served(q.ask(goodChat))
		}
		q.refused(q.ask(goodChat), "client_rate_limited", "15")
		if c := q.gateway.Clients()[0]; c.Requests != 9 || c.Refused["client_rate_limited"] != 6 {
			t.Errorf("counted are %+v", c)
		}
	})
}

func TestATimeThatIsTooLongForAHeaderIsInTheMessage(t *testing.T) {
	quotas(t, gateway.Client{RequestsPerMinute: 1}, always(answer), schemas.ProviderConfig{}, func(q *quotaSite) {
		q.served(q.ask(goodChat))
		w := q.ask(goodChat)
		q.refused(w, "client_rate_limited", "")
		if w.Header().Get("X-Should-Retry") != "false" || !strings.Contains(w.Body.String(), "try again in 1m0s") {
			t.Errorf("got %v %s", w.Header(), w.Body)
		}
	})
}

func TestWhatIsRefusedHereUsesNoQuota(t *testing.T) {
	one := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}
	drop := true
	one.DropExcessRequests = &drop
	quotas(t, gateway.Client{RequestsPerMinute: 3, MaxInFlight: 10}, after(10*time.Second, func() *schemas.RawResponse { return reply(answer) }), one, func(q *quotaSite) {
		var accepted sync.WaitGroup
		for range 2 {
			accepted.Go(func() { q.served(q.ask(goodChat)) })
			synctest.Wait()
		}
		for range 20 {
			if w := q.ask(goodChat); w.Header().Get("X-Bifrost-Code") != "queue_full" {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if w := q.ask("{"); w.Code != 400 {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
		}
		if c := q.gateway.Clients()[0]; c.Requests != 2 {
			t.Errorf("counted are %+v", c)
		}
		accepted.Wait()
		q.served(q.ask(goodChat)) // the third one
	})
}

// counted is a body whose provider has counted its tokens.
type counted struct {
	io.ReadCloser
	tokens int
}

func (c counted) Usage() *schemas.Usage {
	return &schemas.Usage{PromptTokens: c.tokens - 1, CompletionTokens: 1, TotalTokens: c.tokens}
}

func counting(tokens int) *fake {
	return &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		r := reply(answer)
		r.Body = counted{r.Body, tokens}
		return r, nil
	}}
}

func TestTokensAreChargedAfterTheAnswerAndThenRefusedUntilTheyAreThereAgain(t *testing.T) {
	quotas(t, gateway.Client{TokensPerMinute: 600}, counting(1000), schemas.ProviderConfig{}, func(q *quotaSite) {
		q.served(q.ask(goodChat)) // 600 there, 1000 used
		q.refused(q.ask(goodChat), "client_tokens_limited", "40")
		time.Sleep(39 * time.Second)
		q.refused(q.ask(goodChat), "client_tokens_limited", "1")
		time.Sleep(time.Second)
		q.served(q.ask(goodChat))
		w := q.ask(goodChat) // 1000 too many
		q.refused(w, "client_tokens_limited", "")
		if !strings.Contains(w.Body.String(), "try again in 1m40s") || w.Header().Get("X-Should-Retry") != "false" {
			t.Errorf("got %v %s", w.Header(), w.Body)
		}
		if c := q.gateway.Clients()[0]; c.Tokens != 2000 {
			t.Errorf("counted are %+v", c)
		}
	})
}

func TestAStreamThatItsClientCutsIsChargedByItsEvents(t *testing.T) {
	p := &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		events := strings.NewReader(strings.Repeat("data: {\"choices\":[]}\n\n", 100))
		return replyFrom(eventType, io.MultiReader(events, untilGone{ctx})), nil
	}}
	quotas(t, gateway.Client{TokensPerMinute: 60}, p, schemas.ProviderConfig{}, func(q *quotaSite) {
		ctx, leave := context.WithCancel(q.t.Context())
		defer leave()
		time.AfterFunc(time.Second, leave)
		q.served(q.askAt(ctx, goodStream))
		q.refused(q.ask(goodStream), "client_tokens_limited", "40") // 60 there, 100 used
	})
}

// untilGone is the rest of a stream that says no more.
type untilGone struct{ ctx context.Context }

func (u untilGone) Read([]byte) (int, error) {
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

func TestRequestsInFlightAreBoundedUntilTheirAnswersEnd(t *testing.T) {
	quotas(t, gateway.Client{MaxInFlight: 2}, after(10*time.Second, func() *schemas.RawResponse { return reply(answer) }), schemas.ProviderConfig{}, func(q *quotaSite) {
		var accepted sync.WaitGroup
		for range 2 {
			accepted.Go(func() { q.served(q.ask(goodChat)) })
		}
		synctest.Wait()
		q.refused(q.ask(goodChat), "client_in_flight", "1")
		accepted.Wait()
		q.served(q.ask(goodChat))
	})
}

func TestWhoComesAsAnAnswerEndsIsServed(t *testing.T) {
	quotas(t, gateway.Client{MaxInFlight: 1}, after(time.Second, func() *schemas.RawResponse { return reply(answer) }), schemas.ProviderConfig{}, func(q *quotaSite) {
		var accepted sync.WaitGroup
		accepted.Go(func() { q.served(q.ask(goodChat)) })
		time.Sleep(time.Second - 10*time.Millisecond)
		q.served(q.ask(goodChat))
		accepted.Wait()
	})
}

func TestInFlightNeverLeaksWhateverBecomesOfARequest(t *testing.T) {
	rapid.Check(t, func(drawn *rapid.T) {
		type fate struct{ kind, takes, leaves int }
		fates := make([]fate, rapid.IntRange(1, 30).Draw(drawn, "requests"))
		for i := range fates {
			fates[i] = fate{rapid.IntRange(0, 5).Draw(drawn, "kind"), rapid.IntRange(0, 50).Draw(drawn, "takes"), rapid.IntRange(0, 50).Draw(drawn, "leaves")}
		}
		limit := rapid.IntRange(1, 5).Draw(drawn, "limit")
		var most int
		p := &fake{}
		p.call = func(ctx context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
			f := fates[gjson.GetBytes(raw.Body, "n").Int()]
			select {
			case <-time.After(time.Duration(f.takes) * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			switch f.kind {
			case 0:
				panic("in the adapter")
			case 1:
				return nil, errBroken
			case 2:
				return replyFrom(eventType, &script{[]string{"data: {}\n\n", "data: [DONE]\n\n"}, io.EOF}), nil
			case 3:
				return replyFrom(eventType, &script{[]string{"data: {}\n\n"}, errBroken}), nil
			case 4: // breaks off in the middle: http.ErrAbortHandler
				return replyFrom("application/json", &script{[]string{`{"a":`}, errBroken}), nil
			}
			return reply(answer), nil
		}
		quotas(t, gateway.Client{MaxInFlight: limit}, p, schemas.ProviderConfig{}, func(q *quotaSite) {
			var all sync.WaitGroup
			for i, f := range fates {
				all.Go(func() {
					defer func() { _ = recover() }() // http.ErrAbortHandler
					ctx, leave := context.WithCancel(q.t.Context())
					defer leave()
					if f.leaves%2 == 0 {
						time.AfterFunc(time.Duration(f.leaves)*time.Millisecond, leave)
					}
					q.askAt(ctx, `{"model":"fake/m","messages":[],"n":`+strconv.Itoa(i)+`}`)
				})
				most = max(most, q.gateway.Clients()[0].InFlight)
			}
			all.Wait()
		})
		if most > limit {
			drawn.Fatalf("%d in flight, at a limit of %d", most, limit)
		}
	})
}
