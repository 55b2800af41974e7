package actors

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"bifrost/mailbox"
	"bifrost/pool"
	"bifrost/schemas"
	"bifrost/supervisor"
)

// providersName is the id of the providers supervisor.
const providersName = "providers"

// ProviderID is the id of a provider's PID.
func ProviderID(provider string) string { return providersName + "/" + provider }

// System is one client's actor tree. It is safe for concurrent use.
type System struct {
	engine *actor.ActorSystem
	owned  bool // the engine's system is ours to shut down
	log    zerolog.Logger

	calls   *pool.Pool[call]
	letters *letters

	root        *actor.PID
	rootStopped chan struct{}
	work        func(*worker, *call) result
	hooks       []schemas.Hook // never changed
	foreign     Foreign        // nil: this is no node; never changed
	cluster     Cluster        // likewise

	drop    atomic.Bool   // the mode of providers that have none of their own
	unknown atomic.Uint64 // requests for providers that do not exist, all refused

	starting sync.Mutex // serialises Start

	mu        sync.Mutex // guards what follows, but left
	processes map[string]*process
	retired   map[*Router]bool // taken out of their processes, and not stopped yet
	closing   bool
	down      chan struct{}           // made by the first Shutdown, and closed at its end
	hurry     context.CancelCauseFunc // ends the first Shutdown's patience

	born time.Time // never changed; times are counted from it

	left []Left // what Shutdown returns; set before down is closed
}

// Options are a System's live objects and sizes.
type Options struct {
	Engine   *actor.ActorSystem // nil: one of its own
	Logger   zerolog.Logger     // the zero Logger is silent
	PoolSize int
	Drop     bool // drop or wait, for providers that do not say
	Hooks    []schemas.Hook
	Foreign  Foreign // nil: messages of other nodes are unknown
	Cluster  Cluster // nil: no key may have the scope cluster
}

// NewSystem starts an actor tree without providers. It fails if the engine's
// system has one already.
func NewSystem(o Options) (*System, error) {
	s := &System{born: time.Now(), engine: o.Engine, log: o.Logger, calls: newCalls(o.PoolSize), work: attempt, hooks: o.Hooks, foreign: o.Foreign, cluster: o.Cluster,
		rootStopped: make(chan struct{}), processes: make(map[string]*process), retired: make(map[*Router]bool)}
	s.drop.Store(o.Drop)
	if s.engine == nil {
		s.owned = true
		s.engine = NewEngine(o.Logger)
	}
	props := actor.PropsFromProducer(func() actor.Actor { return &providersActor{s.rootStopped, make(map[string]*Router)} })
	pid, err := s.engine.Root.SpawnNamed(props, providersName)
	if err != nil {
		return nil, fmt.Errorf("this actor system has a client already; give each client its own system: %w", err)
	}
	s.root = pid
	s.letters = newLetters(s.engine)
	return s, nil
}

// now returns the time since the system's birth, which is cheaper than a time of day.
func (s *System) now() time.Duration { return time.Since(s.born) }

// NewEngine returns an actor system whose own log goes to log.
func NewEngine(log zerolog.Logger) *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(zerolog.NewSlogHandler(log)).With("component", "engine")
	}))
}

// Engine returns the engine's actor system.
func (s *System) Engine() *actor.ActorSystem { return s.engine }

// PID returns the PID of a provider, which may not exist (any more): asking it
// is answered either way.
func (s *System) PID(provider string) (*actor.PID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.processes[provider]
	if p == nil {
		return nil, false
	}
	return actor.NewPID(p.pid.Address, p.pid.Id), true
}

// Router returns the router of a provider, nil if there is none.
func (s *System) Router(provider string) *Router {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.processes[provider]; p != nil {
		return p.router.Load()
	}
	return nil
}

// NotFound counts a request for a provider that does not exist, and returns its
// answer: kind not_found, with a dead letter.
func (s *System) NotFound(provider, model string) error { return s.notFound(provider, model) }

func (s *System) notFound(provider, model string) error {
	s.unknown.Add(1)
	f := newRefused(s.engine.NewLocalPID(ProviderID(provider)), provider, model, mailbox.Refusal{Reason: schemas.ReasonNotFound})
	s.letters.publish(&f.event)
	return &f.err
}

// Start adds a provider and returns its router when all its workers are up.
func (s *System) Start(name string, c Config) (*Router, error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	p, err := s.process(name)
	if err != nil {
		return nil, err
	}
	if old := p.router.Load(); old != nil && !old.isHalted() {
		return nil, fmt.Errorf("provider %s is running already; configure it instead", name)
	}
	p.terminated() // who watched an earlier one
	r := s.newRouter(p, c)
	p.router.Store(r)
	r.applyDrop() // it may have been switched while the workers came up
	return r, nil
}

// process returns the process behind a provider's PID, registered, unless the
// system is closing.
func (s *System) process(name string) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining, Provider: name,
			Message: "the client is shutting down; make a new one"}
	}
	if p := s.processes[name]; p != nil {
		return p, nil
	}
	p := &process{sys: s, name: name, watchers: actor.NewPIDSet()}
	pid, fresh := s.engine.ProcessRegistry.Add(p, ProviderID(name))
	if !fresh {
		return nil, fmt.Errorf("provider %s: an actor named %s exists already in this actor system", name, ProviderID(name))
	}
	p.pid = pid
	s.processes[name] = p
	return p, nil
}

func (s *System) newRouter(p *process, c Config) *Router {
	name := p.name
	r := &Router{name: name, sys: s, process: p, mb: mailbox.New[*call](c.limits(s.drop.Load())), stopped: make(chan struct{}), halted: make(chan struct{}),
		workers: make(map[*mailbox.Worker[*call]]*worker), ids: make(map[int]bool)}
	r.strategy = supervisor.New(supervisor.DefaultPolicy, r.noteBackoff, s.letters.publish)
	r.settings.now = r.newSettings(c)
	s.inheritRetired(name, r.settings.now.keys)
	r.settings.now.cluster.share(r.settings.now.keys, &keyring{})
	up := make(chan *actor.PID, 1)
	s.engine.Root.Send(s.root, &spawnControl{prefix: name + "-", actor: &control{router: r}, up: up})
	r.control = <-up
	r.grow(c.Settings.ConcurrencyAndBufferSize.Concurrency)
	return r
}

// guarded runs what is a provider's own, such as its Close, and may panic or end
// its goroutine where nobody is to be answered for it. It blocks as f does.
func (s *System) guarded(provider string, f func()) {
	done := make(chan struct{})
	go func() { // ends with f
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				s.logPanic(provider, describePanic(p), debug.Stack())
			}
		}()
		f()
	}()
	<-done
}

// logRefusedKey names a key, and the status only: what the provider said is its
// caller's.
func (s *System) logRefusedKey(provider, key string, err *schemas.Error) {
	s.log.Warn().Str("provider", provider).Str("key", key).Int("status", err.StatusCode).Bool("quota_spent", err.QuotaSpent).
		Msg("the provider refused a key, which rests for a while; check its value, rights and credit")
}

func (s *System) logPanic(provider, what string, stack []byte) {
	s.log.Error().Str("provider", provider).Str("panic", what).Bytes("stack", stack).Msg("a provider's adapter panicked; its worker restarts")
}
