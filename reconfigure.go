package bifrost

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"bifrost/actors"
	"bifrost/schemas"
)

// Reconfigure puts another configuration into force, all of it or, with an error, nothing:
// the providers of its account with their keys, settings and sizes, the default drop mode
// and the aliases. What the account says is asked for, checked and built first.
//
// Nothing that was accepted is lost, refused or delayed. A provider that differs goes on
// in place, as with UpdateProvider; one that does not is not touched. A new one takes
// requests when Reconfigure returns. One that is gone is not_found for requests that come
// from then on; those that came before are served in the background, by a router that
// Shutdown waits for. It may be added again meanwhile. A request is answered by one
// configuration, the one that was in force when it came, aliases and fallbacks included.
//
// InitialPoolSize cannot change: that is an error. Providers and routers that came by
// option stay. Another Reconfigure, and changes of a single provider, are waited for until
// ctx ends; ctx is also what the account is asked for keys with. It is safe for concurrent
// use.
func (c *Client) Reconfigure(ctx context.Context, cfg schemas.BifrostConfig) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("bifrost: %w", err)
	}
	cfg = cfg.WithDefaults()
	if cfg.InitialPoolSize != c.pool {
		return fmt.Errorf("bifrost: initial_pool_size is %d and cannot become %d while the client runs; make a new one", c.pool, cfg.InitialPoolSize)
	}
	select {
	case c.reconfiguring <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("bifrost: another change of the configuration is under way: %w", context.Cause(ctx))
	}
	defer func() { <-c.reconfiguring }()
	names, err := c.names(cfg.Account, c.table.Load().programs())
	if err != nil {
		return fmt.Errorf("bifrost: %w", err)
	}
	done, err := c.changeAll(ctx, names)
	if err != nil {
		return err
	}
	defer done()
	if err := c.reconfigure(ctx, cfg, names); err != nil {
		return fmt.Errorf("bifrost: %w", err)
	}
	return nil
}

// programs are the routers of the program's own, by name.
func (t *table) programs() map[string]Router {
	out := make(map[string]Router)
	for name, r := range t.routes {
		if _, local := r.(*actors.Router); !local {
			out[name] = r
		}
	}
	return out
}

// changeAll waits until no other change is under way of any provider that runs, or is
// among names. The caller calls done.
func (c *Client) changeAll(ctx context.Context, names []string) (done func(), err error) {
	all := make(map[string]bool)
	for _, name := range names {
		all[name] = true
	}
	for name := range c.table.Load().running {
		all[name] = true
	}
	var turns []func()
	done = func() {
		for _, end := range turns {
			end()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) { // in one order, so that two never wait for each other
		end, err := c.change(ctx, name)
		if err != nil {
			done()
			return nil, err
		}
		turns = append(turns, end)
	}
	return done, nil
}

// started is a provider that was started for a table which is not in force yet.
type started struct {
	router  *actors.Router
	running running
}

func (c *Client) reconfigure(ctx context.Context, cfg schemas.BifrostConfig, names []string) error {
	now := c.table.Load()
	programs := now.programs()
	known := func(provider string) bool { return slices.Contains(names, provider) || programs[provider] != nil }
	if err := knownTargets(cfg.Models, known); err != nil {
		return err
	}
	plan, err := c.planAll(ctx, cfg.Account, names, now.alive())
	if err != nil {
		return err
	}
	added, err := c.startAdded(now, plan)
	if err != nil {
		closeAll(plan)
		return err
	}
	// From here on nothing fails, unless the client shuts down.
	c.sys.SetDefaultDrop(cfg.DropExcessRequests)
	for name, p := range plan {
		if router, _ := now.local(name); router.Configure(p.Config) {
			continue
		}
		if router, ok := c.startAgain(name, p); ok { // an actor has stopped it
			added[name] = started{router, p.running}
		}
	}
	c.publish(cfg, names, plan, added)
	return nil
}

// alive is what the providers run on that have not been told to stop.
func (t *table) alive() map[string]running {
	out := make(map[string]running, len(t.running))
	for name, r := range t.running {
		if router, local := t.local(name); local && router.Ending() == nil {
			out[name] = r
		}
	}
	return out
}

// startAdded starts those of the plan that do not run, and takes them out of it. On an
// error none of them runs.
func (c *Client) startAdded(now *table, plan map[string]planned) (map[string]started, error) {
	added := make(map[string]started)
	for _, name := range slices.Sorted(maps.Keys(plan)) {
		if _, runs := now.local(name); runs {
			continue
		}
		router, err := c.sys.Start(name, plan[name].Config)
		if err != nil {
			for name := range added {
				c.stopAtOnce(name)
			}
			return nil, err
		}
		added[name] = started{router, plan[name].running}
		delete(plan, name)
	}
	return added, nil
}

// startAgain starts a provider anew whose router stops. It fails only if the client does.
func (c *Client) startAgain(name string, p planned) (*actors.Router, bool) {
	if stop, err := c.sys.Retire(name); err == nil {
		c.drain(stop, nil)
	}
	router, err := c.sys.Start(name, p.Config)
	if err != nil {
		p.close()
		return nil, false
	}
	return router, true
}

// publish puts a table into force, and has the providers that it lacks stop.
func (c *Client) publish(cfg schemas.BifrostConfig, names []string, configured map[string]planned, added map[string]started) {
	var removed []string
	older := c.replace(func(next *table) bool {
		next.version++
		next.account, next.aliases = cfg.Account, schemas.CloneAliases(cfg.Models)
		for name := range next.routes {
			if _, local := next.local(name); local && !slices.Contains(names, name) {
				removed = append(removed, name)
				delete(next.routes, name)
				delete(next.running, name)
			}
		}
		for name, p := range configured {
			next.running[name] = p.running
		}
		for name, s := range added {
			next.routes[name], next.running[name] = s.router, s.running
		}
		return true
	})
	for _, name := range removed {
		if stop, err := c.sys.Retire(name); err == nil { // else it was removed by its name
			c.drain(stop, older)
		}
	}
}

// drain stops a removed provider in the background, once the requests that began on the
// older tables have their answers. Shutdown waits for it.
func (c *Client) drain(stop func(context.Context) actors.Left, older []*table) {
	stopped := make(chan struct{})
	c.mu.Lock()
	c.leaving = append(slices.DeleteFunc(c.leaving, isClosed), stopped)
	c.mu.Unlock()
	go func() { // ends when the provider has stopped; after Shutdown at once
		defer close(stopped)
		for _, t := range older {
			select {
			case <-t.idle:
			case <-c.ended.Done():
			}
		}
		stop(c.ended)
	}()
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
