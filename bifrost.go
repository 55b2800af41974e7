package bifrost

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"bifrost/actors"
	"bifrost/schemas"
)

// Client is a running Bifrost: one actor tree. Make it with Init, end it with
// Shutdown. It is safe for concurrent use.
type Client struct {
	live map[string]schemas.Provider // by WithProvider
	sys  *actors.System
	node Node // nil: this process is alone
	pool int  // initial_pool_size

	table atomic.Pointer[table] // replaced by replace only

	reconfiguring chan struct{} // one Reconfigure at a time

	mu       sync.Mutex               // guards what follows, and replacing table
	older    []*table                 // replaced, but not idle yet
	changing map[string]chan struct{} // one provider's changes, one at a time
	leaving  []<-chan struct{}        // each closed when a removed provider has stopped

	ended context.Context // ends when Shutdown has stopped everything
	end   context.CancelFunc
}

// Init starts a client with all providers of the account, each with its workers.
// It fails, and leaves nothing running, if the configuration is invalid or a
// provider cannot start; the error names every provider at fault.
func Init(cfg schemas.BifrostConfig, opts ...Option) (*Client, error) {
	o := options{}
	for _, opt := range opts {
		opt(&o)
	}
	if err := errors.Join(cfg.Validate(), o.validate()); err != nil {
		return nil, fmt.Errorf("bifrost: %w", err)
	}
	cfg = cfg.WithDefaults()
	c := &Client{live: o.providers, node: o.node, pool: cfg.InitialPoolSize, reconfiguring: make(chan struct{}, 1), changing: make(map[string]chan struct{})}
	c.ended, c.end = context.WithCancel(context.Background())
	first := newTable(cfg.Account)
	first.aliases = schemas.CloneAliases(cfg.Models)
	plan, err := c.plan(context.Background(), cfg.Account, o.routers)
	if err != nil {
		return nil, fmt.Errorf("bifrost: %w", err)
	}
	if err = knownTargets(cfg.Models, func(provider string) bool {
		_, planned := plan[provider]
		return planned || o.routers[provider] != nil
	}); err != nil {
		closeAll(plan)
		return nil, fmt.Errorf("bifrost: %w", err)
	}
	c.sys, err = actors.NewSystem(actors.Options{Engine: o.engine, Logger: o.logger,
		PoolSize: cfg.InitialPoolSize, Drop: cfg.DropExcessRequests, Hooks: o.hooks, Foreign: o.foreign(), Cluster: o.cluster()})
	if err != nil {
		closeAll(plan)
		return nil, fmt.Errorf("bifrost: %w", err)
	}
	if err := c.start(plan, o.routers, first); err != nil {
		closeAll(plan) // what was not started
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		c.sys.Shutdown(ended)
		return nil, fmt.Errorf("bifrost: %w", err)
	}
	if c.node != nil {
		c.node.Join(c.sys)
	}
	return c, nil
}

// start spawns the planned providers and makes the first table.
func (c *Client) start(plan map[string]planned, routers map[string]Router, first *table) error {
	for name, r := range routers {
		first.routes[name] = r
	}
	for name, p := range plan {
		r, err := c.sys.Start(name, p.Config)
		if err != nil {
			return err
		}
		first.routes[name], first.running[name] = r, p.running
		delete(plan, name)
	}
	c.table.Store(first)
	return nil
}

// route returns the way to a provider, or its not_found answer.
func (c *Client) route(t *table, provider, model string) (Router, error) {
	if r, ok := t.routes[provider]; ok {
		if own, is := r.(*actors.Router); is && c.node != nil && own.Spills() {
			return c.node.Spill(provider, own), nil
		}
		return r, nil
	}
	return nil, c.sys.NotFound(provider, model)
}
