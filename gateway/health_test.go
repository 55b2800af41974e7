package gateway_test

import (
	"encoding/json"
	"sync/atomic"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

type readiness struct {
	Status    string
	Providers map[string]struct {
		State            string
		Admits, Degraded bool
		Mode             string
		Concurrency      int
		Queued, Waiting  int
		BufferSize       int `json:"buffer_size"`
		InHand           int `json:"in_hand"`
		BackingOff       int `json:"backing_off"`
	}
}

func (s *site) readiness(t *testing.T) (int, readiness) {
	t.Helper()
	got := s.get(t, "/readyz")
	var out readiness
	if err := json.Unmarshal([]byte(got.body), &out); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	return got.status, out
}

func TestReadinessShowsEachProvidersNumbersAndIs200WhileOneAdmits(t *testing.T) {
	p, release, calls := holding()
	account := schemas.StaticAccount{"fake": {Config: schemas.ProviderConfig{DropExcessRequests: new(true),
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 3}}}}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{},
		bifrost.WithProvider("fake", p), bifrost.WithProvider("other", always(answer)))
	first := s.start(t.Context(), t)
	await(t, "the call", calls)
	second := s.start(t.Context(), t)
	eventually(t, "a queued request", func() bool { return s.bifrost.Stats().Providers["fake"].Queued == 1 })

	status, ready := s.readiness(t)
	one := ready.Providers["fake"]
	if status != 200 || ready.Status != "ready" || one.State != "ready" || !one.Admits || one.Degraded || one.Mode != "drop" ||
		one.Concurrency != 1 || one.BufferSize != 3 || one.Queued != 1 || one.InHand != 1 || ready.Providers["other"].Mode != "wait" {
		t.Errorf("got %d %+v", status, ready)
	}

	removed := make(chan error, 1)
	go func() { removed <- s.bifrost.RemoveProvider(t.Context(), "fake") }() // ends when its calls have
	eventually(t, "the provider to drain", func() bool { return s.bifrost.Stats().Providers["fake"].Closed })
	if status, ready := s.readiness(t); status != 200 || ready.Providers["fake"].State != "draining" || ready.Providers["fake"].Admits {
		t.Errorf("while one of two drains: got %d %+v", status, ready)
	}
	wantError{status: 503, code: "draining", kind: "server_error"}.check(t, s.post(t, chatPath, goodChat))
	close(release)
	await(t, "the first answer", first)
	await(t, "the second answer", second)
	if err := await(t, "the removal", removed); err != nil {
		t.Error(err)
	}
	if status, ready := s.readiness(t); status != 200 || len(ready.Providers) != 1 {
		t.Errorf("after the removal: got %d %+v", status, ready)
	}
	if err := s.bifrost.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if status, ready := s.readiness(t); status != 503 || ready.Providers["other"].Admits {
		t.Errorf("after the shutdown: got %d %+v", status, ready)
	}
	if got := s.get(t, "/healthz"); got.status != 200 || got.body != `{"status":"ok"}` {
		t.Errorf("health is %d %s", got.status, got.body)
	}
}

// away is a provider of other nodes.
type away struct {
	panicking
	reached atomic.Bool
}

func (a *away) Stats() bifrost.ProviderStats {
	return bifrost.ProviderStats{Unreached: !a.reached.Load()}
}

func TestAProviderOfOtherNodesIsReadyWhileOneOfThemIsReached(t *testing.T) {
	elsewhere := &away{}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithRouter("elsewhere", elsewhere))
	status, ready := s.readiness(t)
	if one := ready.Providers["elsewhere"]; status != 503 || one.State != "unreached" || one.Admits || one.Mode != "" {
		t.Errorf("unreached: got %d %+v", status, ready)
	}
	elsewhere.reached.Store(true)
	if status, ready := s.readiness(t); status != 200 || ready.Providers["elsewhere"].State != "ready" || !ready.Providers["elsewhere"].Admits {
		t.Errorf("reached: got %d %+v", status, ready)
	}
}
