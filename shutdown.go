package bifrost

import (
	"context"
	"strings"

	"bifrost/actors"
)

// Left is what a shutdown did not finish in time, per provider.
type Left = actors.Left

// ShutdownError says what was left when the context of a shutdown ended. Every
// request of it has been answered, with reason draining.
type ShutdownError struct{ Left []Left }

// Unwrap returns why it was not waited for longer, per provider: mostly the
// context's own error.
func (e *ShutdownError) Unwrap() []error {
	var causes []error
	for _, l := range e.Left {
		if l.Cause != nil {
			causes = append(causes, l.Cause)
		}
	}
	return causes
}

// Error lists the providers and what was left of each.
func (e *ShutdownError) Error() string {
	parts := make([]string, len(e.Left))
	for i, l := range e.Left {
		parts[i] = l.String()
	}
	return "shutdown ended before all work was done: " + strings.Join(parts, "; ")
}

// Shutdown ends the client: admission closes and waiters are refused (draining)
// at once, queued and in-hand work, streams too, is finished; what is left when
// ctx ends is cancelled and answered, and reported as a *ShutdownError. With a
// ctx that has ended already it is a hard stop. It blocks until everything has
// stopped, but no longer than a few seconds after ctx ended, should a provider not heed its
// context. It may be called again: a later call waits for the first one, and makes
// it a hard stop when its own ctx ends. Requests afterwards are refused as
// draining.
func (c *Client) Shutdown(ctx context.Context) error {
	left := c.sys.Shutdown(ctx)
	c.end()
	c.mu.Lock()
	leaving := c.leaving
	c.mu.Unlock()
	for _, stopped := range leaving {
		<-stopped
	}
	if len(left) > 0 {
		return &ShutdownError{Left: left}
	}
	return nil
}
