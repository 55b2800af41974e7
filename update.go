package bifrost

import (
	"context"
	"fmt"

	"bifrost/actors"
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
	running := (*c.routes.Load())[name]
	router, local := running.(*actors.Router)
	if running != nil && !local {
		return fmt.Errorf("provider %s is a router of the program's own; configure it there", name)
	}
	cfg, err := c.planOne(ctx, name)
	if err != nil {
		return fmt.Errorf("provider %s: %w", name, err)
	}
	if running != nil {
		if router.Configure(cfg) {
			return nil
		}
		select { // an actor has stopped it, or the client shuts down
		case <-router.Ending():
		case <-ctx.Done():
			closeAll(map[string]actors.Config{name: cfg})
			return fmt.Errorf("provider %s is stopping: %w", name, context.Cause(ctx))
		}
	}
	router, err = c.sys.Start(name, cfg)
	if err != nil {
		closeAll(map[string]actors.Config{name: cfg})
		return err
	}
	c.setRoute(name, router)
	return nil
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
	r := (*c.routes.Load())[name]
	if _, local := r.(*actors.Router); r != nil && !local {
		c.setRoute(name, nil)
		return nil
	}
	left, err := c.sys.Remove(ctx, name)
	c.setRoute(name, nil)
	if err == nil && !left.None() {
		err = &ShutdownError{Left: []Left{left}}
	}
	return err
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
