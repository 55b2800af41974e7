package observe

import "github.com/prometheus/client_golang/prometheus"

// namespace begins the name of every metric.
const namespace = "bifrost_"

// Metric is what is known of a metric: docs/metrics.md is made of it.
type Metric struct {
	Name   string
	Kind   string // gauge, counter or histogram
	Labels []string
	Help   string
}

// known are all metrics of a Collector, in the order of the documentation.
var known []*metric

// metric is one of known.
type metric struct {
	Metric
	desc  *prometheus.Desc
	value prometheus.ValueType
}

func declare(kind string, value prometheus.ValueType, name, help string, labels ...string) *metric {
	m := &metric{Metric: Metric{Name: namespace + name, Kind: kind, Labels: labels, Help: help}, value: value}
	m.desc = prometheus.NewDesc(m.Name, help, labels, nil)
	known = append(known, m)
	return m
}

func gauge(name, help string, labels ...string) *metric {
	return declare("gauge", prometheus.GaugeValue, name, help, labels...)
}

func counter(name, help string, labels ...string) *metric {
	return declare("counter", prometheus.CounterValue, name, help, labels...)
}

func histograms(name, help string, labels ...string) *metric {
	return declare("histogram", prometheus.UntypedValue, name, help, labels...)
}

// of is the metric with a value.
func (m *metric) of(value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(m.desc, m.value, value, labels...)
}

// Metrics that are the same whatever runs.
var (
	buildInfo = gauge("build_info", "Always 1. The labels are the program's version and that of Go.", "version", "goversion")

	configVersion  = gauge("config_version", "Number of the configuration that runs: 1 at the start, one more with each reload that changed something.")
	configLoaded   = gauge("config_loaded_timestamp_seconds", "When the configuration that runs was put into force, in seconds since 1970.")
	configRefused  = gauge("config_reload_failed", "1 if the last reload was refused, and what ran before still runs; else 0.")
	unknownCounter = counter("requests_unknown_provider_total", "Requests for providers that do not exist; each was refused.")
	lostEvents     = counter("dead_letter_events_lost_total", "Dead letters that were answered and counted, but not published, as the subscribers were too slow.")
)

// Metrics of mailboxes and workers. All of one provider are from one snapshot.
var (
	providerAdmits    = gauge("provider_admits", "1 while the provider takes new requests; 0 while it stops, or no node that has it is reached.", "provider")
	providerDegraded  = gauge("provider_degraded", "1 while a worker of the provider restarts after panics; else 0.", "provider")
	providerUnreached = gauge("provider_unreached", "1 while none of the other nodes that have the provider can be asked; else 0.", "provider")

	mailboxQueued  = gauge("mailbox_queued", "Requests in the mailbox, which wait for a worker.", "provider")
	mailboxWaiting = gauge("mailbox_waiting", "Requests that wait for a place in the mailbox.", "provider")
	mailboxSize    = gauge("mailbox_buffer_size", "Places in the mailbox.", "provider")
	mailboxDrops   = gauge("mailbox_drop_mode", "1 if requests are refused when the mailbox is full; 0 if they wait.", "provider")
	mailboxOldest  = gauge("mailbox_oldest_queued_seconds", "For how long the oldest request has been in the mailbox, in seconds; 0 if it is empty.", "provider")
	mailboxRate    = gauge("mailbox_drain_rate", "Requests per second that leave the mailbox while there is a queue; 0 while not known.", "provider")

	workersConcurrency = gauge("workers_concurrency", "Workers that the configuration wants.", "provider")
	workersLive        = gauge("workers", "Workers that there are: free, busy, or restarting.", "provider")
	workersBusy        = gauge("workers_busy", "Requests in the hands of workers.", "provider")
	workersRestarting  = gauge("workers_restarting", "Workers that have panicked and are not back yet.", "provider")
	workersBackoff     = gauge("workers_backoff", "Workers whose restart is put off, as they have panicked often.", "provider")
	workerRestarts     = counter("worker_restarts_total", "Panics in workers, each answered, and the worker restarted.", "provider")

	backingOff = gauge("requests_backing_off", "Requests that wait, without a worker, for their next attempt.", "provider")
	retries    = counter("retries_total", "Attempts after the first of a request.", "provider")

	offered      = counter("requests_offered_total", "Requests that were offered to the mailbox: admitted + waiting + left + refused.", "provider")
	admitted     = counter("requests_admitted_total", "Requests that were accepted: completed + failed + cancelled + dead-lettered + queued + backing off + busy.", "provider")
	left         = counter("requests_left_total", "Requests whose callers went while they waited for a place.", "provider")
	refusedTotal = counter("requests_refused_total", "Requests that were not accepted, by reason.", "provider", "reason")
	completeds   = counter("requests_completed_total", "Accepted requests that were answered.", "provider")
	faileds      = counter("requests_failed_total", "Accepted requests that ended with an error.", "provider")
	cancelleds   = counter("requests_cancelled_total", "Accepted requests whose callers went, or whose deadlines passed.", "provider")
	deadLettered = counter("requests_dead_lettered_total", "Accepted requests that were taken out when the provider stopped.", "provider")
)

// Metrics of keys and of pools.
var (
	keyResting     = gauge("key_resting", "1 while the key is not tried, since the provider has refused it or its limit was reached; else 0.", "provider", "key")
	keyConcurrency = gauge("key_concurrency", "The key's own limit of attempts at once, of all nodes if they share it; 0 if it has none.", "provider", "key")
	keySlots       = gauge("key_slots", "Of the key's limit, what this process may use now.", "provider", "key")
	keyInUse       = gauge("key_in_use", "Attempts with the key; counted if it has a limit.", "provider", "key")
	keyWaiting     = gauge("key_waiting", "Attempts that wait for the key's limit.", "provider", "key")

	poolSize   = gauge("pool_size", "Objects that the pool keeps at most.", "pool")
	poolIdle   = gauge("pool_idle", "Objects in the pool that nobody uses.", "pool")
	poolHits   = counter("pool_hits_total", "Objects that were taken from the pool.", "pool")
	poolMisses = counter("pool_misses_total", "Objects that had to be made, as the pool was empty.", "pool")
)

// Metrics of what the hook has seen.
var (
	requestDuration = histograms("request_duration_seconds", "From the offer of a request to the end of its answer, in seconds.", "provider", "operation", "outcome")
	queueWait       = histograms("queue_wait_seconds", "From the offer of a request until a worker took it, in seconds.", "provider")
	firstToken      = histograms("time_to_first_token_seconds", "From the offer of a request to the first content of its stream, in seconds.", "provider", "model")
	requestErrors   = counter("request_errors_total", "Requests that ended with an error, by its kind.", "provider", "kind")
	deadLetters     = counter("dead_letters_total", "Requests that Bifrost itself has refused, before or after it accepted them, by reason.", "provider", "reason")
	tokensTotal     = counter("tokens_total", "Tokens as the provider has counted them: input without the cached ones, cached, and output.", "provider", "model", "direction")
	costTotal       = counter("cost_dollars_total", "What the tokens cost, in US dollars, of models whose prices are in the configuration.", "provider", "model")

	clientRequests = counter("client_requests_total", "Requests to providers for a client of the gateway, fallbacks too.", "client", "outcome")
	clientRefusals = counter("client_refusals_total", "Of a client's requests to providers, those that Bifrost itself has refused, by reason.", "client", "reason")
	clientLimited  = counter("client_limited_total", "Requests of a client that the gateway has refused before it asked a provider, by code: for the client's own limits, or for what it may not use.", "client", "code")
	strangersTotal = counter("unauthenticated_requests_total", "Requests that showed no key of a client; each was refused.")
	clientInFlight = gauge("client_requests_in_flight", "Requests to providers for a client that have not ended.", "client")
	clientTokens   = counter("client_tokens_total", "Tokens of a client's requests, as tokens_total.", "client", "direction")

	httpRequests = counter("http_requests_total", "HTTP requests that were answered, by the gateway's route and the status; code is that of an error of the gateway's own, else empty; retry says which further attempt of the client's SDK it was: 0 for none, 1, 2, or 3+.", "route", "status", "code", "retry")
	httpInFlight = gauge("http_requests_in_flight", "HTTP requests that are being answered.")
)

// Metrics returns what a Collector exposes, in the order of docs/metrics.md.
func Metrics() []Metric {
	out := make([]Metric, len(known))
	for i, m := range known {
		out[i] = m.Metric
	}
	return out
}
