package actors

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// Config is all that a router runs on; Router.Configure replaces it in place.
type Config struct {
	Provider schemas.Provider
	Keys     []schemas.Key
	Settings schemas.ProviderConfig // with defaults, valid
	Shared   bool                   // the provider is the program's own: it is not closed
}

// limits are the mailbox's; dropDefault applies if the provider has no mode of its
// own.
func (c Config) limits(dropDefault bool) mailbox.Limits {
	drop := dropDefault
	if own := c.Settings.DropExcessRequests; own != nil {
		drop = *own
	}
	return mailbox.Limits{
		Concurrency: c.Settings.ConcurrencyAndBufferSize.Concurrency,
		BufferSize:  c.Settings.ConcurrencyAndBufferSize.BufferSize,
		Drop:        drop,
		MaxWaiting:  c.Settings.MaxWaiting,
	}
}

// settings is one version of a router's configuration. Attempts that are under
// way keep the version they began with; the last one out closes its provider.
type settings struct {
	provider     schemas.Provider
	info         schemas.ProviderInfo
	keys         *keyring
	network      schemas.NetworkConfig
	queueTimeout time.Duration
	fallbacks    []schemas.Fallback
	fallbackOn   []schemas.ErrorKind
	waitForKeys  bool
	overflow     schemas.Overflow
	shared       bool
	ownDrop      bool // drop or wait is set for this provider alone
	guard        func(f func())
	cluster      sharing

	users atomic.Int64 // attempts under way, plus one while it is the current version
}

func (r *Router) newSettings(c Config) *settings {
	s := &settings{
		provider:     c.Provider,
		info:         c.Provider.Describe(),
		keys:         newKeyring(c.Keys),
		network:      c.Settings.NetworkConfig,
		waitForKeys:  c.Settings.WaitForKeys,
		overflow:     c.Settings.Overflow,
		queueTimeout: c.Settings.QueueTimeout,
		fallbackOn:   c.Settings.FallbackOn,
		shared:       c.Shared,
		ownDrop:      c.Settings.DropExcessRequests != nil,
		guard:        func(f func()) { r.sys.guarded(r.name, f) },
		cluster:      sharing{r.sys.cluster, r.name},
	}
	for _, f := range c.Settings.Fallbacks {
		s.fallbacks = append(s.fallbacks, schemas.ParseFallback(f))
	}
	s.users.Store(1)
	return s
}

// leave ends one use. Closing is not on any hot path: it follows a replacement.
func (s *settings) leave() {
	if s.users.Add(-1) > 0 || s.shared {
		return
	}
	if c, ok := s.provider.(io.Closer); ok {
		s.guard(func() { _ = c.Close() }) // idle connections; there is nobody left to tell
	}
}

// versions holds the current settings. The lock makes reading the current
// version and taking part in it one step, so that no version is closed between.
type versions struct {
	mu     sync.Mutex
	now    *settings
	closed bool // there will be no other version, and nobody begins on this one
}

// use takes part in the current version; the caller leaves it.
func (v *versions) use() *settings {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now.users.Add(1)
	return v.now
}

// peek returns the current version for reading plain values.
func (v *versions) peek() *settings {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// replace makes next the current version, unless closed. Keys that stay go on
// resting.
func (v *versions) replace(next *settings) bool {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return false
	}
	old := v.now
	next.keys.inherit(old.keys)
	next.cluster.share(next.keys, old.keys)
	next.keys.settle()
	v.now = next
	v.mu.Unlock()
	old.keys.retire(next.keys)
	old.leave()
	return true
}

// close ends the last version's being current, and its keys' being shared by unshare. It
// may be called again.
func (v *versions) close(unshare func(last *settings)) {
	v.mu.Lock()
	first := !v.closed
	v.closed = true
	last := v.now
	v.mu.Unlock()
	if first {
		unshare(last)
		last.leave()
	}
}
