package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/gateway"
	"bifrost/schemas"
)

func TestWhoWouldHaveGivenUpByItsTurnIsRefusedAtOnceOnEachSurface(t *testing.T) {
	p := after(2*time.Second, func() *schemas.RawResponse { return reply(answer) })
	one := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 100}}
	quotas(t, gateway.Client{}, p, one, func(q *quotaSite) {
		var accepted sync.WaitGroup
		for range 20 { // 40 s of work
			accepted.Go(func() { q.served(q.ask(goodChat)) })
		}
		time.Sleep(25 * time.Second) // 12 are done
		for surface, want := range map[string]struct {
			status      int
			field, word string
		}{"openai": {503, "error.type", "server_error"}, "anthropic": {529, "error.type", "overloaded_error"}, "gemini": {503, "error.status", "UNAVAILABLE"}} {
			ask := func(header, value string) (*httptest.ResponseRecorder, time.Duration) {
				r := httptest.NewRequestWithContext(q.t.Context(), http.MethodPost, surfaces[surface].path, strings.NewReader(surfaces[surface].body))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+teamKey)
				r.Header.Set(header, value)
				w, began := httptest.NewRecorder(), time.Now()
				q.gateway.ServeHTTP(w, r)
				return w, time.Since(began)
			}
			w, took := ask("X-Stainless-Timeout", "9") // 15 s ahead, and 2 s of its own
			if w.Code != want.status || took != 0 || gjson.Get(w.Body.String(), want.field).Str != want.word || w.Header().Get("X-Bifrost-Code") != "deadline_unmeetable" ||
				w.Header().Get("X-Bifrost-Origin") != "gateway" || w.Header().Get("X-Should-Retry") != "" {
				t.Errorf("%s: after %v got %d %v %s", surface, took, w.Code, w.Header(), w.Body)
			}
			checkRetryAfter(t, w.Header())
			w, took = ask("X-Server-Timeout", "1") // too little without a queue, too
			if w.Code != want.status || took != 0 || w.Header().Get("X-Should-Retry") != "false" || w.Header().Get("Retry-After") != "" {
				t.Errorf("%s: after %v got %d %v", surface, took, w.Code, w.Header())
			}
		}
		accepted.Go(func() { q.served(q.askWith("X-Stainless-Timeout", "17")) })
		synctest.Wait()
		if n := q.client.Stats().Providers["fake"].Refused[schemas.ReasonDeadlineUnmeetable]; n != 6 {
			t.Errorf("%d were counted, want 6", n)
		}
		accepted.Wait()
	})
}

func (q *quotaSite) askWith(header, value string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(q.t.Context(), http.MethodPost, chatPath, strings.NewReader(goodChat))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+teamKey)
	r.Header.Set(header, value)
	w := httptest.NewRecorder()
	q.gateway.ServeHTTP(w, r)
	return w
}

func TestADeadlineIsWaitedForWhereThatIsWanted(t *testing.T) {
	p := after(2*time.Second, func() *schemas.RawResponse { return reply(answer) })
	one := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 100}}
	quotas(t, gateway.Client{}, p, one, func(q *quotaSite) {
		q.gateway.Configure(gateway.Options{Clients: limited(gateway.Client{}), QueueUnmeetable: true})
		var accepted sync.WaitGroup
		for range 20 {
			accepted.Go(func() { q.served(q.ask(goodChat)) })
		}
		time.Sleep(25 * time.Second)
		began := time.Now()
		if w := q.askWith("X-Stainless-Timeout", "9"); w.Code != 504 || time.Since(began) != 10*time.Second {
			t.Errorf("after %v got %d %s", time.Since(began), w.Code, w.Body)
		}
		accepted.Wait()
	})
}
