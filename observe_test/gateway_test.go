package observe_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/observe"
	"bifrost/schemas"
)

// patience bounds the wait for what must happen.
const patience = time.Minute

// site is a gateway with simulated providers, and where its metrics are.
type site struct {
	gateway, metrics *httptest.Server
}

func serve(t *testing.T) *site {
	t.Helper()
	recorder := observe.NewRecorder(observe.Options{Version: "test", Prices: map[string]observe.Price{"simulated/sim-small": {Input: 1, Output: 2}}})
	recorder.SetConfig(1, time.Now(), false)
	var turnedAway atomic.Uint64
	recorder.SetTurnedAway(func() observe.TurnedAway { // as a gateway with client keys does
		n := turnedAway.Add(1)
		return observe.TurnedAway{Clients: map[string]map[string]uint64{"team": {"client_in_flight": n}}, Strangers: n}
	})
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{
		"simulated": {Keys: []schemas.Key{{Name: "first", Value: "sk-1"}}},
		"broken":    {Config: schemas.ProviderConfig{Type: "simulated", Simulation: &schemas.SimulationConfig{ErrorRate: 1}}},
	}}, bifrost.WithHooks(recorder.Hook()))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{
		gateway: httptest.NewServer(recorder.Middleware(tenant(gateway.New(client, gateway.Options{})))),
		metrics: httptest.NewServer(recorder.Metrics(client)),
	}
	t.Cleanup(func() {
		s.metrics.CloseClientConnections()
		s.metrics.Close()
		s.gateway.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := client.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tenant is as a gateway with client keys does.
func tenant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(schemas.WithTenant(r.Context(), "team")))
	})
}

// work has the gateway answer a few requests of each kind.
func (s *site) work(t *testing.T) {
	t.Helper()
	for range 5 {
		for _, call := range []struct {
			model  string
			stream bool
			status int
		}{{"simulated/sim-small", false, 200}, {"simulated/sim-small", true, 200}, {"broken/x", false, 500}, {"nobody/x", false, 404}} {
			body := fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"hello"}]}`, call.model, call.stream)
			resp, err := s.gateway.Client().Post(s.gateway.URL+"/v1/chat/completions", "application/json", bytes.NewReader([]byte(body)))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != call.status {
				t.Fatalf("%s: got %d %s (%v)", call.model, resp.StatusCode, answer, err)
			}
		}
	}
}

// get returns the body of an answer with status 200.
func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d %s", url, resp.StatusCode, body)
	}
	return body, err
}
