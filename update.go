package bifrost

import (
	"context"
	"fmt"
)

// UpdateProvider asks the account again for a provider's settings and keys and
// puts them into force: in place if it runs, else it is started. Nothing that was
// accepted is lost or refused for it. On an error what runs is unchanged. Changes
// of one provider follow each other; ctx bounds the wait for an earlier one, and is
// what the account is asked for keys with.
func (c *Client) UpdateProvider(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	done, err := c.change(ctx, name)
	if err != nil {
		return err
	}
	defer done()
	t := c.table.Load()
	router, local := t.local(name)
	if t.routes[name] != nil && !local {
		return fmt.Errorf("provider %s is a router of the program's own; configure it there", name)
	}
	next, err := c.ask(ctx, t.account, name)
	if err != nil {
		return fmt.Errorf("provider %s: %w", name, err)
	}
	p, err := c.build(name, next)
	if err != nil {
		return fmt.Errorf("provider %s: %w", name, err)
	}
	if local {
		if router.Configure(p.Config) {
			c.replace(func(now *table) bool {
				if now.routes[name] == router {
					now.running[name] = p.running
				}
				return true
			})
			return nil
		}
		select { // an actor has stopped it, or the client shuts down
		case <-router.Ending():
		case <-ctx.Done():
			p.close()
			return fmt.Errorf("provider %s is stopping: %w", name, context.Cause(ctx))
		}
	}
	return c.startLate(name, p, t.version)
}

// startLate starts a provider of a client that runs, for a version of its configuration.
func (c *Client) startLate(name string, p planned, version int) error {
	router, err := c.sys.Start(name, p.Config)
	if err != nil {
		p.close()
		return err
	}
	current := false
	c.replace(func(next *table) bool {
		current = next.version == version
		next.routes[name], next.running[name] = router, p.running
		return current
	})
	if !current {
		c.stopAtOnce(name)
		return fmt.Errorf("provider %s: the whole configuration was replaced meanwhile; ask again if it is still to be there", name)
	}
	return nil
}

// stopAtOnce stops a provider that nobody has been told of.
func (c *Client) stopAtOnce(name string) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if stop, err := c.sys.Retire(name); err == nil {
		stop(ended)
	}
}

// RemoveProvider stops a provider: admission closes at once (draining), what is
// accepted is finished until ctx ends, and what is left then is answered. After
// it, requests for the provider are answered with not_found until UpdateProvider
// adds it again. A *ShutdownError says what was left unfinished; the provider is
// gone all the same.
func (c *Client) RemoveProvider(ctx context.Context, name string) error {
	done, err := c.change(ctx, name)
	if err != nil {
		return err
	}
	defer done()
	t := c.table.Load()
	if _, local := t.local(name); t.routes[name] != nil && !local {
		c.forget(name)
		return nil
	}
	left, err := c.sys.Remove(ctx, name)
	c.forget(name)
	if err == nil && !left.None() {
		err = &ShutdownError{Left: []Left{left}}
	}
	return err
}

func (c *Client) forget(name string) {
	c.replace(func(next *table) bool {
		delete(next.routes, name)
		delete(next.running, name)
		return true
	})
}

// change waits until no other change of the provider is under way. The caller
// calls done.
func (c *Client) change(ctx context.Context, name string) (done func(), err error) {
	c.mu.Lock()
	turn := c.changing[name]
	if turn == nil {
		turn = make(chan struct{}, 1)
		c.changing[name] = turn
	}
	c.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	default:
	}
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("provider %s: another change of it is under way: %w", name, context.Cause(ctx))
	}
}

// SetDropExcessRequests switches all providers without a mode of their own
// between drop and wait mode. Callers that wait already keep their turn.
func (c *Client) SetDropExcessRequests(drop bool) { c.sys.SetDefaultDrop(drop) }
