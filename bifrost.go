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
	account schemas.Account
	live    map[string]schemas.Provider // by WithProvider
	sys     *actors.System
	node    Node // nil: this process is alone

	routes  atomic.Pointer[map[string]Router]        // replaced, never changed
	aliases atomic.Pointer[map[string]schemas.Alias] // likewise

	mu       sync.Mutex               // guards replacing routes, and changing
	changing map[string]chan struct{} // one provider's changes, one at a time
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
	c := &Client{account: cfg.Account, live: o.providers, node: o.node, changing: make(map[string]chan struct{})}
	aliases := schemas.CloneAliases(cfg.Models)
	c.aliases.Store(&aliases)
	plan, err := c.plan(context.Background(), o)
	if err != nil {
		return nil, fmt.Errorf("bifrost: %w", err)
	}
	if err := knownTargets(cfg.Models, func(provider string) bool {
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
	if err := c.start(plan, o.routers); err != nil {
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

// start spawns the planned providers and publishes the routes.
func (c *Client) start(plan map[string]actors.Config, routers map[string]Router) error {
	routes := make(map[string]Router, len(plan)+len(routers))
	for name, r := range routers {
		routes[name] = r
	}
	for name, cfg := range plan {
		r, err := c.sys.Start(name, cfg)
		if err != nil {
			return err
		}
		routes[name] = r
		delete(plan, name)
	}
	c.routes.Store(&routes)
	return nil
}

// route returns the way to a provider, or its not_found answer.
func (c *Client) route(provider, model string) (Router, error) {
	if r, ok := (*c.routes.Load())[provider]; ok {
		if own, is := r.(*actors.Router); is && c.node != nil && own.Spills() {
			return c.node.Spill(provider, own), nil
		}
		return r, nil
	}
	return nil, c.sys.NotFound(provider, model)
}

// setRoute adds, replaces or (with nil) removes a route.
func (c *Client) setRoute(name string, r Router) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := *c.routes.Load()
	routes := make(map[string]Router, len(old)+1)
	for n, v := range old {
		routes[n] = v
	}
	if r == nil {
		delete(routes, name)
	} else {
		routes[name] = r
	}
	c.routes.Store(&routes)
}
