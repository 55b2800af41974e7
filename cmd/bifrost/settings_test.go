package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/gateway"
)

func TestWhatTheFileSaysOfWaitingClientsReachesTheGateway(t *testing.T) {
	for text, want := range map[string]gateway.Options{
		"": {},
		"[server]\nanswer_timeout = \"30s\"\nkeep_alive = \"20s\"\nrefuse_unmeetable = false\n": {AnswerTimeout: 30 * time.Second, KeepAlive: 20 * time.Second, QueueUnmeetable: true},
	} {
		f, err := config.Load(file(t, text+"[providers.simulated]\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := gatewayOptions(f, zerolog.Nop()); got.AnswerTimeout != want.AnswerTimeout || got.KeepAlive != want.KeepAlive || got.QueueUnmeetable != want.QueueUnmeetable {
			t.Errorf("%q: got %v, %v, %v", text, got.AnswerTimeout, got.KeepAlive, got.QueueUnmeetable)
		}
	}
}

func TestMetricsTellWhatTheGatewayHasRefusedToItsClients(t *testing.T) {
	r, _, adminURL := served(t, servedText("")+"[clients.team]\nkeys = [\""+gateway.HashKey("bf-team")+"\"]\nmodels = [\"simulated/one\"]\n")
	url := r.stdout.await(t, bannerURL)
	for _, key := range []string{"bf-team", "bf-nobody"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions",
			strings.NewReader(`{"model":"simulated/two","messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	text := get(t, adminURL+"/metrics")
	for _, want := range []string{`bifrost_client_limited_total{client="team",code="not_permitted"} 1`, `bifrost_client_limited_total{client="team",code="client_in_flight"} 0`,
		"bifrost_unauthenticated_requests_total 1"} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}
