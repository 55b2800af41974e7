package observe

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bifrost"
	"bifrost/schemas"
)

// Metrics answers with the metrics of the recorder and the client, of Go's runtime and
// of the process, and of further collectors, such as a node's, in Prometheus' formats.
func (r *Recorder) Metrics(c *bifrost.Client, more ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(r.Collector(c), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(more...)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Collector returns the client's metrics and those of what the recorder has seen. What
// it says of one provider's mailbox is from one snapshot, so that the sum of promise 8
// can be read off one scrape. It is for one registry.
func (r *Recorder) Collector(c *bifrost.Client) prometheus.Collector {
	r.nameModels(c)
	return &collector{recorder: r, client: c}
}

type collector struct {
	recorder *Recorder
	client   *bifrost.Client
}

// Describe implements prometheus.Collector.
func (*collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range known {
		out <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	c.recorder.nameModels(c.client)
	were := *c.recorder.providers.Load() // before it is asked what exists
	stats := c.client.Stats()
	c.recorder.forget(were, func(name string) bool {
		_, exists := stats.Providers[name]
		return exists
	})
	out <- buildInfo.of(1, c.recorder.version, runtime.Version())
	out <- unknownCounter.of(float64(stats.NotFound))
	out <- lostEvents.of(float64(stats.LostEvents))
	for name, s := range stats.Providers {
		collectMailbox(out, name, &s)
		collectSums(out, name, &s)
		collectKeys(out, name, &s)
	}
	for name, p := range stats.Pools {
		out <- poolSize.of(float64(p.Size), name)
		out <- poolIdle.of(float64(p.Retained), name)
		out <- poolHits.of(float64(p.Hits), name)
		out <- poolMisses.of(float64(p.Misses), name)
	}
	c.recorder.collectRecorded(out)
}

func collectMailbox(out chan<- prometheus.Metric, name string, s *bifrost.ProviderStats) {
	for _, v := range []struct {
		metric *metric
		value  float64
	}{
		{providerAdmits, flag(!s.Closed && !s.Unreached)},
		{providerDegraded, flag(s.Degraded)},
		{providerUnreached, flag(s.Unreached)},
		{mailboxQueued, float64(s.Queued)},
		{mailboxWaiting, float64(s.Waiting)},
		{mailboxSize, float64(s.BufferSize)},
		{mailboxDrops, flag(s.Drop)},
		{mailboxOldest, s.OldestQueued.Seconds()},
		{mailboxRate, s.DrainRate},
		{workersConcurrency, float64(s.Concurrency)},
		{workersLive, float64(s.Workers)},
		{workersBusy, float64(s.InHand)},
		{workersRestarting, float64(s.Restarting)},
		{workersBackoff, float64(s.BackoffWorkers)},
		{workerRestarts, float64(s.Panics)},
		{backingOff, float64(s.BackingOff)},
		{retries, float64(s.Retries)},
	} {
		out <- v.metric.of(v.value, name)
	}
}

// usualReasons are exposed from the start: a counter that appears with its first event
// has no increase that an alert could see.
var usualReasons = []schemas.Reason{
	schemas.ReasonQueueFull, schemas.ReasonQueueTimeout, schemas.ReasonDraining, schemas.ReasonDegraded,
	schemas.ReasonDeadlineUnmeetable, schemas.ReasonKeysResting,
}

func collectSums(out chan<- prometheus.Metric, name string, s *bifrost.ProviderStats) {
	for _, v := range []struct {
		metric *metric
		value  uint64
	}{
		{offered, s.Offered}, {admitted, s.Admitted}, {left, s.Left},
		{completeds, s.Completed}, {faileds, s.Failed}, {cancelleds, s.Cancelled}, {deadLettered, s.DeadLettered},
	} {
		out <- v.metric.of(float64(v.value), name)
	}
	for reason, n := range withUsual(s.Refused) {
		out <- refusedTotal.of(float64(n), name, string(reason))
	}
}

// withUsual returns the counts with zero for the usual reasons that are not among them.
func withUsual(counts map[schemas.Reason]uint64) map[schemas.Reason]uint64 {
	out := make(map[schemas.Reason]uint64, len(counts)+len(usualReasons))
	for _, reason := range usualReasons {
		out[reason] = 0
	}
	for reason, n := range counts {
		out[reason] = n
	}
	return out
}

// collectKeys leaves out a key whose name another one has: names are the operator's.
func collectKeys(out chan<- prometheus.Metric, provider string, s *bifrost.ProviderStats) {
	seen := make(map[string]bool, len(s.Keys))
	for _, k := range s.Keys {
		if seen[k.Name] {
			continue
		}
		seen[k.Name] = true
		out <- keyResting.of(flag(k.RestingUntil.After(time.Now())), provider, k.Name)
		out <- keyConcurrency.of(float64(k.Concurrency), provider, k.Name)
		out <- keySlots.of(float64(k.Slots), provider, k.Name)
		out <- keyInUse.of(float64(k.InUse), provider, k.Name)
		out <- keyWaiting.of(float64(k.Waiting), provider, k.Name)
	}
}

func (r *Recorder) collectRecorded(out chan<- prometheus.Metric) {
	r.config.collect(out)
	for name, p := range *r.providers.Load() {
		p.collect(out)
		for label, dollars := range p.costs(*r.prices.Load()) {
			out <- costTotal.of(dollars, name, label)
		}
	}
	for name, c := range *r.clients.Load() {
		c.collect(out, name)
	}
	r.turnedAway.collect(out)
	out <- httpInFlight.of(float64(r.served.inFlight.Load()))
	for w, n := range r.served.snapshot() {
		out <- httpRequests.of(float64(n), w.route, strconv.Itoa(w.status), w.code, w.retry)
	}
}

func (c *configuration) collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.told {
		return
	}
	out <- configVersion.of(float64(c.number))
	out <- configLoaded.of(float64(c.loadedAt.UnixMilli()) / 1e3)
	out <- configRefused.of(flag(c.failed))
}

func (p *provider) collect(out chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for of, h := range p.durations {
		out <- h.metric(requestDuration.desc, p.name, of.operation, string(of.outcome))
	}
	out <- p.wait.metric(queueWait.desc, p.name)
	for label, use := range p.models {
		if use.first != nil {
			out <- use.first.metric(firstToken.desc, p.name, label)
		}
		for direction, n := range use.tokens.byDirection() {
			out <- tokensTotal.of(float64(n), p.name, label, direction)
		}
	}
	for kind, n := range p.errors {
		out <- requestErrors.of(float64(n), p.name, string(kind))
	}
	for reason, n := range withUsual(p.letters) {
		out <- deadLetters.of(float64(n), p.name, string(reason))
	}
}

// costs returns the dollars of the models that have, or had, a price.
func (p *provider) costs(prices map[model]Price) map[string]float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]float64)
	for label, use := range p.models {
		if _, priced := prices[model{p.name, label}]; priced || use.dollars > 0 {
			out[label] = use.dollars
		}
	}
	return out
}

func (t tokens) byDirection() map[string]uint64 {
	return map[string]uint64{"input": t.input, "cached": t.cached, "output": t.output}
}

func (c *client) collect(out chan<- prometheus.Metric, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out <- clientInFlight.of(float64(c.inFlight), name)
	for what, n := range c.outcomes {
		out <- clientRequests.of(float64(n), name, string(what))
	}
	for reason, n := range c.refused {
		out <- clientRefusals.of(float64(n), name, reason)
	}
	for direction, n := range c.tokens.byDirection() {
		out <- clientTokens.of(float64(n), name, direction)
	}
}

func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
