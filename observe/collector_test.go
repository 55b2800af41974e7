package observe_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"bifrost"
	"bifrost/observe"
	"bifrost/schemas"
)

func TestTheMetricsAreAsPrometheusWantsThem(t *testing.T) {
	client, recorder := busy(t)
	faults, err := testutil.CollectAndLint(recorder.Collector(client))
	if err != nil || len(faults) > 0 {
		t.Errorf("the linter found: %v, %v", faults, err)
	}
}

// busy has done something of everything.
func busy(t *testing.T) (*bifrost.Client, *observe.Recorder) {
	t.Helper()
	client, recorder := watched(t, observe.Options{Version: "1.2.3", Prices: map[string]observe.Price{"p/priced": {Input: 2, Output: 8}}},
		map[string]schemas.Provider{"p": answering(), "bad": failing(schemas.KindUpstream), "worse": failing(schemas.KindUpstream)})
	recorder.SetConfig(3, time.Unix(1700000000, 0), true)
	recorder.SetTurnedAway(func() observe.TurnedAway {
		return observe.TurnedAway{Clients: map[string]map[string]uint64{"team": {"client_in_flight": 2}, "idle": nil}, Strangers: 3}
	})
	recorder.Collector(client) // learns the models of the keys
	ask(t, client, 4, "p", "priced")
	ask(t, client, 2, "bad", "listed")
	ask(t, client, 1, "worse", "listed")
	ask(t, client, 1, "nobody", "listed")
	stream, err := client.ChatCompletionStreamRequest(t.Context(), question("p", "listed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range stream.All() {
		if err != nil {
			t.Fatal(err)
		}
	}
	answered := recorder.Middleware(statusHandler(503))
	answered.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/v1/chat/completions", nil))
	if err := client.RemoveProvider(t.Context(), "bad"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ChatCompletionRequest(t.Context(), question("bad", "listed")); !errors.Is(err, schemas.ErrNotFound) {
		t.Fatal(err)
	}
	return client, recorder
}

func TestTokensAndCostsAreThoseOfTheAnswers(t *testing.T) {
	client, recorder := watched(t, observe.Options{Prices: map[string]observe.Price{
		"p/priced": {Input: 1e6, CachedInput: 5e5, Output: 2e6}}}, map[string]schemas.Provider{"p": answering()})
	collector := recorder.Collector(client)
	ask(t, client, 3, "p", "priced")
	ask(t, client, 1, "p", "unpriced")
	ask(t, client, 1, "p", "a caller's own words")
	ask(t, client, 1, "p", "more of them")
	want := `
# HELP bifrost_client_tokens_total Tokens of a client's requests, as tokens_total.
# TYPE bifrost_client_tokens_total counter
bifrost_client_tokens_total{client="team",direction="cached"} 24
bifrost_client_tokens_total{client="team",direction="input"} 36
bifrost_client_tokens_total{client="team",direction="output"} 30
# HELP bifrost_cost_dollars_total What the tokens cost, in US dollars, of models whose prices are in the configuration.
# TYPE bifrost_cost_dollars_total counter
bifrost_cost_dollars_total{model="priced",provider="p"} 54
# HELP bifrost_tokens_total Tokens as the provider has counted them: input without the cached ones, cached, and output.
# TYPE bifrost_tokens_total counter
bifrost_tokens_total{direction="cached",model="other",provider="p"} 8
bifrost_tokens_total{direction="cached",model="priced",provider="p"} 12
bifrost_tokens_total{direction="cached",model="unpriced",provider="p"} 4
bifrost_tokens_total{direction="input",model="other",provider="p"} 12
bifrost_tokens_total{direction="input",model="priced",provider="p"} 18
bifrost_tokens_total{direction="input",model="unpriced",provider="p"} 6
bifrost_tokens_total{direction="output",model="other",provider="p"} 10
bifrost_tokens_total{direction="output",model="priced",provider="p"} 15
bifrost_tokens_total{direction="output",model="unpriced",provider="p"} 5
`
	err := testutil.CollectAndCompare(collector, strings.NewReader(want),
		"bifrost_tokens_total", "bifrost_cost_dollars_total", "bifrost_client_tokens_total")
	if err != nil {
		t.Error(err)
	}
}

func TestModelsOfAliasesAreCountedByNameOnceTheProgramTellsThem(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering()})
	recorder.SetModels([]string{"p/target"})
	collector := recorder.Collector(client)
	ask(t, client, 1, "p", "target")
	recorder.SetModels(nil)
	ask(t, client, 1, "p", "target")
	if got := tokensOf(t, collector); got["target"] != 15 || got["other"] != 15 {
		t.Errorf("got %v", got)
	}
}

// tokensOf sums the tokens of each model.
func tokensOf(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, m := range gather(t, c)["bifrost_tokens_total"] {
		for _, l := range m.GetLabel() {
			if l.GetName() == "model" {
				out[l.GetValue()] += m.GetCounter().GetValue()
			}
		}
	}
	return out
}

// gather scrapes a collector.
func gather(t *testing.T, c prometheus.Collector) map[string][]*dto.Metric {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]*dto.Metric{}
	for _, f := range families {
		out[f.GetName()] = f.GetMetric()
	}
	return out
}

func TestTheSumOfRequestsCanBeReadOffEachScrapeWhileTrafficRuns(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering(), "q": failing(schemas.KindUpstream)})
	collector := recorder.Collector(client)
	var traffic sync.WaitGroup
	for i := range 8 {
		traffic.Go(func() { ask(t, client, 200, []string{"p", "q"}[i%2], "listed") }) // ends after 200 requests
	}
	for range 50 {
		checkSum(t, gather(t, collector))
	}
	traffic.Wait()
	checkSum(t, gather(t, collector))
}

func checkSum(t *testing.T, families map[string][]*dto.Metric) {
	t.Helper()
	sum := func(provider string, names ...string) (total float64) {
		for _, name := range names {
			for _, m := range families["bifrost_"+name] {
				for _, l := range m.GetLabel() {
					if l.GetName() == "provider" && l.GetValue() == provider {
						total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
					}
				}
			}
		}
		return total
	}
	for _, p := range []string{"p", "q"} {
		offered := sum(p, "requests_offered_total")
		if parts := sum(p, "requests_admitted_total", "mailbox_waiting", "requests_left_total", "requests_refused_total"); parts != offered {
			t.Errorf("%s: %v were offered, and %v are accounted for", p, offered, parts)
		}
		admitted := sum(p, "requests_admitted_total")
		if parts := sum(p, "requests_completed_total", "requests_failed_total", "requests_cancelled_total", "requests_dead_lettered_total",
			"mailbox_queued", "requests_backing_off", "workers_busy"); parts != admitted {
			t.Errorf("%s: %v were admitted, and %v are accounted for", p, admitted, parts)
		}
	}
}

func TestNoMetricHasContentOrAKey(t *testing.T) {
	client, recorder := busy(t)
	ask(t, client, 1, "p", secret)
	w := httptest.NewRecorder()
	recorder.Metrics(client).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text := w.Body.String()
	if w.Code != 200 || strings.Contains(text, secret) || strings.Contains(text, "sk-") {
		t.Errorf("got %d: %s", w.Code, text)
	}
	for _, want := range []string{`bifrost_build_info{goversion="go`, `version="1.2.3"} 1`, "bifrost_config_version 3\n", "bifrost_config_reload_failed 1\n",
		"go_goroutines", "bifrost_requests_unknown_provider_total 2\n", `bifrost_http_requests_total{code="",retry="0",route="other",status="503"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestWhatTheGatewayTurnsAwayIsCountedByClientAndBeginsAtZero(t *testing.T) {
	client, recorder := busy(t)
	want := `
# HELP bifrost_client_limited_total Requests of a client that the gateway has refused before it asked a provider, by code: for the client's own limits, or for what it may not use.
# TYPE bifrost_client_limited_total counter
bifrost_client_limited_total{client="idle",code="client_in_flight"} 0
bifrost_client_limited_total{client="idle",code="client_rate_limited"} 0
bifrost_client_limited_total{client="idle",code="client_tokens_limited"} 0
bifrost_client_limited_total{client="idle",code="not_permitted"} 0
bifrost_client_limited_total{client="team",code="client_in_flight"} 2
bifrost_client_limited_total{client="team",code="client_rate_limited"} 0
bifrost_client_limited_total{client="team",code="client_tokens_limited"} 0
bifrost_client_limited_total{client="team",code="not_permitted"} 0
# HELP bifrost_unauthenticated_requests_total Requests that showed no key of a client; each was refused.
# TYPE bifrost_unauthenticated_requests_total counter
bifrost_unauthenticated_requests_total 3
`
	err := testutil.CollectAndCompare(recorder.Collector(client), strings.NewReader(want), "bifrost_client_limited_total", "bifrost_unauthenticated_requests_total")
	if err != nil {
		t.Error(err)
	}
}

func TestAProviderThatIsGoneHasNoMetrics(t *testing.T) {
	client, recorder := busy(t)
	for name, metrics := range gather(t, recorder.Collector(client)) {
		for _, m := range metrics {
			for _, l := range m.GetLabel() {
				if l.GetName() == "provider" && l.GetValue() == "bad" {
					t.Errorf("%s has it", name)
				}
			}
		}
	}
}

func TestAThousandClientsAreNotAThousandSeries(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering()})
	hook := recorder.Hook()
	for i := range 1000 {
		ctx := schemas.WithTenant(t.Context(), fmt.Sprint("team \xff", i))
		call := schemas.HookCall{Request: &schemas.Request{Provider: "p"}, Provider: "p"}
		_, _ = hook.BeforeRequest(ctx, &call)
		hook.AfterRequest(ctx, &call, nil, nil)
	}
	series := gather(t, recorder.Collector(client))["bifrost_client_requests_total"]
	if len(series) < 100 || len(series) > 501 {
		t.Errorf("there are %d", len(series))
	}
}
