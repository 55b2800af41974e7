package admin

import "time"

// The types of this file are the admin API's JSON. Times are RFC 3339; durations are
// numbers of milliseconds where their name says so.

// State is the answer to GET /api/v1/state, and each event of GET /api/v1/events.
type State struct {
	At          time.Time      `json:"at"`
	Version     string         `json:"version"` // of the program
	Started     time.Time      `json:"started"`
	Ready       bool           `json:"ready"`
	Draining    bool           `json:"draining"`
	Config      ConfigVersion  `json:"config"`
	Drop        bool           `json:"drop_excess_requests"` // the default of all providers
	NotFound    uint64         `json:"not_found"`            // requests for providers that do not exist
	Providers   []ProviderView `json:"providers"`            // sorted by name
	Nodes       []NodeView     `json:"nodes"`                // peers; empty where there are none
	Pools       []PoolView     `json:"pools"`
	DeadLetters []LetterCount  `json:"dead_letters"` // by reason, of all providers
}

// ConfigVersion says which configuration runs.
type ConfigVersion struct {
	Path     string    `json:"path"`
	Number   int       `json:"number"` // 1 at the start, one more with each reload that changed something
	Digest   string    `json:"digest"` // first 12 hex digits of the SHA-256 of the resolved configuration without secrets
	LoadedAt time.Time `json:"loaded_at"`
	Override bool      `json:"override"`         // something was changed here since, by PATCH
	Failed   string    `json:"failed,omitempty"` // why the last reload was refused; empty: it was not
}

// ProviderView is one provider.
type ProviderView struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	State       string `json:"state"` // as /readyz: ready, degraded, draining, unreached
	Remote      bool   `json:"remote"`
	Drop        bool   `json:"drop_excess_requests"`
	Concurrency int    `json:"concurrency"`
	BufferSize  int    `json:"buffer_size"`

	Queued     int `json:"queued"`
	Waiting    int `json:"waiting"`
	InHand     int `json:"in_hand"` // busy workers
	BackingOff int `json:"backing_off"`
	Workers    int `json:"workers"`

	OldestQueuedMS float64 `json:"oldest_queued_ms"`
	DrainRate      float64 `json:"drain_rate"` // per second; 0: unknown

	Offered      uint64            `json:"offered"`
	Admitted     uint64            `json:"admitted"`
	Left         uint64            `json:"left"`
	Refused      map[string]uint64 `json:"refused"` // by reason
	Completed    uint64            `json:"completed"`
	Failed       uint64            `json:"failed"`
	Cancelled    uint64            `json:"cancelled"`
	DeadLettered uint64            `json:"dead_lettered"`
	Restarts     uint64            `json:"restarts"`
	Retries      uint64            `json:"retries"`

	Latency    PercentilesView `json:"latency"`
	Wait       PercentilesView `json:"wait"`
	FirstToken PercentilesView `json:"first_token"`

	RequestsPerSecond     float64 `json:"requests_per_second"`
	InputTokensPerSecond  float64 `json:"input_tokens_per_second"`
	OutputTokensPerSecond float64 `json:"output_tokens_per_second"`

	Keys []KeyView `json:"keys"`
}

// PercentilesView is of the last ten seconds, in milliseconds.
type PercentilesView struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
}

// KeyView is one key, by its name.
type KeyView struct {
	Name         string     `json:"name"`
	Healthy      bool       `json:"healthy"`
	RestingUntil *time.Time `json:"resting_until"` // null: it does not rest
	Concurrency  int        `json:"concurrency"`   // 0: no limit
	Slots        int        `json:"slots"`
	InUse        int        `json:"in_use"`
	Waiting      int        `json:"waiting"`
}

// ProviderDetail is the answer to GET /api/v1/providers/{name}.
type ProviderDetail struct {
	ProviderView
	WorkerList []WorkerView  `json:"worker_list"`
	Errors     []FailureView `json:"errors"` // the last ones, newest first
}

// WorkerView is one worker.
type WorkerView struct {
	ID    int       `json:"id"`
	State string    `json:"state"` // free, busy, streaming, backoff, stopping
	Since time.Time `json:"since"`
	Model string    `json:"model,omitempty"` // of the request in hand
}

// FailureView is one failed or refused request, without content.
type FailureView struct {
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
	Model    string    `json:"model,omitempty"`
	Key      string    `json:"key,omitempty"`
	Client   string    `json:"client,omitempty"`
	Kind     string    `json:"kind"`
	Reason   string    `json:"reason,omitempty"`
	Status   int       `json:"status,omitempty"`
}

// LetterCount counts dead letters.
type LetterCount struct {
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// DeadLetters is the answer to GET /api/v1/dead-letters.
type DeadLetters struct {
	ByReason []LetterCount `json:"by_reason"`
	Recent   []FailureView `json:"recent"` // newest first
}

// NodeView is a peer.
type NodeView struct {
	Address     string  `json:"address"`
	State       string  `json:"state"`
	RoundTripMS float64 `json:"round_trip_ms"`
	Credits     int     `json:"credits"`
	InFlight    int     `json:"in_flight"`
	Serving     int     `json:"serving"`
	Calls       uint64  `json:"calls"`
	Lost        uint64  `json:"lost"`
}

// PoolView is an object pool.
type PoolView struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	Idle   int    `json:"idle"`
	Hits   uint64 `json:"hits"`
	Misses uint64 `json:"misses"`
}

// Demo is the answer to GET /api/v1/demo, where the program makes a load of its own; PATCH
// takes rate and paused.
type Demo struct {
	Rate     float64 `json:"rate"` // requests per second
	MaxRate  float64 `json:"max_rate"`
	Paused   bool    `json:"paused"`
	Sent     uint64  `json:"sent"`
	Answered uint64  `json:"answered"`
	Refused  uint64  `json:"refused"`
	Failed   uint64  `json:"failed"`

	About map[string]string `json:"about,omitempty"` // what there is to see, by provider
}

// Settings is the body of PATCH /api/v1/settings, and of PATCH /api/v1/providers/{name},
// which takes all three. What is absent stays.
type Settings struct {
	Drop        *bool `json:"drop_excess_requests,omitempty"`
	Concurrency *int  `json:"concurrency,omitempty"`
	BufferSize  *int  `json:"buffer_size,omitempty"`
}

// RunningConfig is the answer to GET /api/v1/config.
type RunningConfig struct {
	ConfigVersion
	Text string `json:"text"` // the resolved configuration as TOML, secrets masked
}

// Reload is the answer to POST /api/v1/reload; with ?dry_run=true nothing changes.
type Reload struct {
	Applied bool          `json:"applied"`
	Config  ConfigVersion `json:"config"`
	Changes []Change      `json:"changes"`
	Errors  []string      `json:"errors"` // file:line: key: what is wrong; nothing was changed then
}

// Change is one key of the configuration that differs. Secrets are masked.
type Change struct {
	Key string `json:"key"`
	Old string `json:"old"` // empty: it was not there
	New string `json:"new"` // empty: it is no longer there
}
