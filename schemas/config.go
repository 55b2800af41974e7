package schemas

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Defaults of the three controls, as the specification has them.
const (
	DefaultInitialPoolSize = 100
	DefaultConcurrency     = 10
	DefaultBufferSize      = 100
)

// MaxSize is the most that InitialPoolSize, Concurrency and BufferSize may be. More
// is a slip: a worker and a pooled object take memory from the start.
const MaxSize = 1_000_000

// Defaults of the network settings.
const (
	DefaultRetryBackoffInitial = 500 * time.Millisecond
	DefaultRetryBackoffMax     = 5 * time.Second
	DefaultConnectTimeout      = 5 * time.Second
	DefaultFirstByteTimeout    = 300 * time.Second
	DefaultTotalTimeout        = 300 * time.Second
	DefaultChunkIdleTimeout    = 120 * time.Second
	DefaultReaderIdleTimeout   = 60 * time.Second
)

// BifrostConfig is what Init is given. The zero value of each field but Account
// is its default; a negative size is an error.
type BifrostConfig struct {
	// Account names the providers and has their keys and settings. Required,
	// unless live providers are handed to Init by option.
	Account Account

	// InitialPoolSize is the number of pooled objects of each type that exist
	// after Init, and the most that are retained later. Zero means 100.
	InitialPoolSize int

	// DropExcessRequests says what happens when a provider's mailbox is full:
	// true answers the caller at once with a dead letter, false (the default)
	// lets the caller wait its turn. A provider may override it.
	DropExcessRequests bool

	// Models are the aliases by name: model names of the operator's own, which may
	// be used wherever a model is named.
	Models map[string]Alias
}

// WithDefaults returns a copy in which every zero size has its default.
func (c BifrostConfig) WithDefaults() BifrostConfig {
	c.InitialPoolSize = orDefault(c.InitialPoolSize, DefaultInitialPoolSize)
	return c
}

// Validate reports every fault at once, joined; each names its key.
func (c BifrostConfig) Validate() error {
	return errors.Join(isSize("initial_pool_size", c.InitialPoolSize), ValidateAliases(c.Models))
}

// ConcurrencyAndBufferSize sizes one provider. Zero means the default.
type ConcurrencyAndBufferSize struct {
	// Concurrency is the number of workers: the most calls that are with the
	// provider at once. Zero means 10.
	Concurrency int

	// BufferSize is the number of places in the provider's mailbox: the most
	// requests that are queued behind those in hand. Zero means 100.
	BufferSize int
}

// ProviderConfig is one provider's settings. The zero value is usable.
type ProviderConfig struct {
	// Type names the adapter when it differs from the provider's own name, as
	// in a second OpenAI account. Empty means the provider's name.
	Type string

	ConcurrencyAndBufferSize ConcurrencyAndBufferSize
	NetworkConfig            NetworkConfig

	// DropExcessRequests overrides BifrostConfig.DropExcessRequests for this
	// provider. Nil means the client-wide setting.
	DropExcessRequests *bool

	// WaitForKeys says what happens to a request when every key that serves its model
	// rests: true lets it wait, backing off, without a worker and counted against the
	// mailbox's bound, until a key is there again; it is refused at once if its
	// deadline comes first. False (the default) refuses it with the soonest time.
	WaitForKeys bool

	// MaxWaiting bounds the callers that wait for a place in wait mode; one
	// more is refused as in drop mode. Zero means no bound for callers that can
	// block, and BufferSize for those that cannot (a PID, a remote peer).
	MaxWaiting int

	// QueueTimeout bounds how long a caller waits for a place in wait mode;
	// past it the refusal is that of drop mode. A request that has its place is
	// not affected. Zero means no bound.
	QueueTimeout time.Duration

	// Overflow says where a request goes that finds no place here. Empty: nowhere else.
	// Without a node it has no effect.
	Overflow Overflow

	// Fallbacks are asked, in this order, when the provider does not answer, after
	// those that the request names itself; each is "provider/model".
	Fallbacks []string

	// FallbackOn are the kinds of error that lead to a fallback, the request's own
	// ones included. Empty means DefaultFallbackOn.
	FallbackOn []ErrorKind

	// Simulation configures the simulated provider; an adapter of another type
	// must not have it.
	Simulation *SimulationConfig

	// Azure, Bedrock and Vertex configure the providers of these types; an adapter of
	// another type must not have them. Nil means their defaults.
	Azure   *AzureConfig
	Bedrock *BedrockConfig
	Vertex  *VertexConfig
}

// Clone returns a copy that shares nothing with c.
func (c ProviderConfig) Clone() ProviderConfig {
	c.NetworkConfig.ExtraHeaders = maps.Clone(c.NetworkConfig.ExtraHeaders)
	c.Fallbacks, c.FallbackOn = slices.Clone(c.Fallbacks), slices.Clone(c.FallbackOn)
	if c.DropExcessRequests != nil {
		drop := *c.DropExcessRequests
		c.DropExcessRequests = &drop
	}
	if c.Simulation != nil {
		s := *c.Simulation
		s.Models = slices.Clone(s.Models)
		c.Simulation = &s
	}
	if c.Azure != nil {
		a := *c.Azure
		a.Deployments = maps.Clone(a.Deployments)
		c.Azure = &a
	}
	if c.Bedrock != nil {
		b := *c.Bedrock
		c.Bedrock = &b
	}
	if c.Vertex != nil {
		v := *c.Vertex
		c.Vertex = &v
	}
	return c
}

// WithDefaults returns a copy in which every zero field that has a default has it.
func (c ProviderConfig) WithDefaults() ProviderConfig {
	s := &c.ConcurrencyAndBufferSize
	s.Concurrency = orDefault(s.Concurrency, DefaultConcurrency)
	s.BufferSize = orDefault(s.BufferSize, DefaultBufferSize)
	if len(c.FallbackOn) == 0 {
		c.FallbackOn = DefaultFallbackOn()
	}
	c.NetworkConfig = c.NetworkConfig.WithDefaults()
	return c
}

// Validate reports every fault at once, joined; each names its key.
func (c ProviderConfig) Validate() error {
	return errors.Join(
		isSize("concurrency_and_buffer_size.concurrency", c.ConcurrencyAndBufferSize.Concurrency),
		isSize("concurrency_and_buffer_size.buffer_size", c.ConcurrencyAndBufferSize.BufferSize),
		notNegative("max_waiting", c.MaxWaiting),
		notNegative("queue_timeout", c.QueueTimeout),
		c.Overflow.validate(),
		checkFallbacks(c.Fallbacks, c.FallbackOn),
		c.NetworkConfig.Validate(),
		c.Simulation.Validate(),
		c.Azure.Validate(),
		c.Bedrock.Validate(),
	)
}

func checkFallbacks(fallbacks []string, on []ErrorKind) error {
	var faults []error
	for i, f := range fallbacks {
		if err := CheckFallback(f); err != nil {
			faults = append(faults, fmt.Errorf("fallbacks[%d] %w", i, err))
		}
	}
	for i, kind := range on {
		if err := CheckFallbackKind(kind); err != nil {
			faults = append(faults, fmt.Errorf("fallback_on[%d] %w", i, err))
		}
	}
	return errors.Join(faults...)
}

// NetworkConfig is how a provider is reached. Zero durations mean the default.
type NetworkConfig struct {
	// BaseURL replaces the adapter's own host part. One that ends in "/v1" is
	// taken to mean the same. It may be plain http, private or loopback. With
	// one, no type needs a key. The simulated provider must not have one.
	BaseURL string

	// Proxy is what the provider is reached through. Empty means that of the
	// environment (HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case).
	Proxy ProxyURL

	// CAFile is the path of a PEM file with certificate authorities that are trusted
	// beside the system's own. It is read when the provider starts or is updated.
	// Empty means none.
	CAFile string

	// ExtraHeaders are added to every request. They never replace credentials,
	// nor what the connection decides, such as Host and Content-Length; see
	// CheckHeader. Their values may be secret and are never printed.
	ExtraHeaders Headers

	// MaxRetries is the number of attempts after the first. Zero means none.
	// Error.Retryable tells which failures are worth one; a refused key or a
	// spent quota is only with another key, and a call that has begun to answer
	// is never repeated.
	MaxRetries int

	RetryBackoffInitial time.Duration // zero: 500 ms; doubles at each retry
	RetryBackoffMax     time.Duration // zero: 5 s; before 20 % of jitter; Retry-After may be longer, up to a minute

	ConnectTimeout    time.Duration // zero: 5 s
	FirstByteTimeout  time.Duration // zero: 300 s; from the call to the first byte of the answer's body
	TotalTimeout      time.Duration // zero: 300 s; one attempt, its body included
	ChunkIdleTimeout  time.Duration // zero: 120 s; between two reads from the provider
	ReaderIdleTimeout time.Duration // zero: 60 s; a reader that neither reads nor closes
}

// WithDefaults returns a copy in which every zero duration has its default.
func (c NetworkConfig) WithDefaults() NetworkConfig {
	c.RetryBackoffInitial = orDefault(c.RetryBackoffInitial, DefaultRetryBackoffInitial)
	c.RetryBackoffMax = orDefault(c.RetryBackoffMax, max(DefaultRetryBackoffMax, c.RetryBackoffInitial))
	c.ConnectTimeout = orDefault(c.ConnectTimeout, DefaultConnectTimeout)
	c.FirstByteTimeout = orDefault(c.FirstByteTimeout, DefaultFirstByteTimeout)
	c.TotalTimeout = orDefault(c.TotalTimeout, DefaultTotalTimeout)
	c.ChunkIdleTimeout = orDefault(c.ChunkIdleTimeout, DefaultChunkIdleTimeout)
	c.ReaderIdleTimeout = orDefault(c.ReaderIdleTimeout, DefaultReaderIdleTimeout)
	return c
}

// Validate reports every fault at once, joined; each names its key.
func (c NetworkConfig) Validate() error {
	return errors.Join(
		notNegative("network_config.max_retries", c.MaxRetries),
		notNegative("network_config.retry_backoff_initial", c.RetryBackoffInitial),
		notNegative("network_config.retry_backoff_max", c.RetryBackoffMax),
		notNegative("network_config.connect_timeout", c.ConnectTimeout),
		notNegative("network_config.first_byte_timeout", c.FirstByteTimeout),
		notNegative("network_config.total_timeout", c.TotalTimeout),
		notNegative("network_config.chunk_idle_timeout", c.ChunkIdleTimeout),
		notNegative("network_config.reader_idle_timeout", c.ReaderIdleTimeout),
		backoffOrder(c.RetryBackoffInitial, c.RetryBackoffMax),
		checkProxy(c.Proxy),
		c.ExtraHeaders.Validate(),
	)
}

func checkProxy(p ProxyURL) error {
	if err := p.Validate(); err != nil {
		return fmt.Errorf("network_config.proxy %w", err)
	}
	return nil
}

func backoffOrder(initial, limit time.Duration) error {
	if initial > 0 && limit > 0 && limit < initial {
		return fmt.Errorf("network_config.retry_backoff_max (%v) is below retry_backoff_initial (%v); raise it", limit, initial)
	}
	return nil
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func isSize(key string, v int) error {
	if v > MaxSize {
		return fmt.Errorf("%s is %d; it may be %d at most", key, v, MaxSize)
	}
	return notNegative(key, v)
}

func notNegative[T int | time.Duration](key string, v T) error {
	if v < 0 {
		return fmt.Errorf("%s is negative (%v); leave it out for its default", key, v)
	}
	return nil
}
