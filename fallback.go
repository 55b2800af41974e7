package bifrost

import (
	"context"
	"errors"
	"slices"

	"bifrost/actors"
	"bifrost/schemas"
)

// target is where a request may go: a provider and its own name of the model.
type target struct{ provider, model string }

// inTurn asks the first target, and each of the others if the one before did not
// answer and its failure is one that a fallback is for. Each is an ordinary request
// to its provider, counted in that provider's mailbox. If all fail, the error is the
// first one, with the others among its causes. Nothing is asked once ctx has ended;
// an answer that has begun is never followed by another.
func (c *Client) inTurn(ctx context.Context, t *table, first target, others []schemas.Fallback,
	ask func(context.Context, Router, target) (*schemas.Response, error)) (*schemas.Response, error) {
	own, kinds := t.fallbacksOf(first.provider)
	others = append(slices.Clone(others), own...)
	hurried := ctx // of who has another to turn to
	if len(others) > 0 {
		hurried = actors.WithFallback(ctx, kinds)
	}
	resp, err := c.askOne(hurried, t, first, ask)
	if err == nil {
		return resp, nil
	}
	failures := []error{err}
	for i, f := range others {
		if ctx.Err() != nil || !fallsBack(err, kinds) {
			break
		}
		if i == len(others)-1 {
			hurried = ctx
		}
		var to target
		if to, err = t.resolveFallback(f); err == nil {
			if resp, err = c.askOne(hurried, t, to, ask); err == nil {
				resp.Fallback = i + 1
				return resp, nil
			}
		}
		failures = append(failures, err)
	}
	return nil, firstOf(failures)
}

func (c *Client) askOne(ctx context.Context, t *table, to target,
	ask func(context.Context, Router, target) (*schemas.Response, error)) (*schemas.Response, error) {
	if err := permits(ctx, to); err != nil {
		return nil, err
	}
	r, err := c.route(t, to.provider, to.model)
	if err != nil {
		return nil, err
	}
	return ask(ctx, r, to)
}

func (t *table) resolveFallback(f schemas.Fallback) (target, error) {
	if f.Provider != "" {
		return target{f.Provider, f.Model}, nil
	}
	to, _, err := t.choose(f.Model)
	return to, err
}

// fallbacksOf returns a provider's own fallbacks and the kinds of error that lead to
// one.
func (t *table) fallbacksOf(provider string) ([]schemas.Fallback, []schemas.ErrorKind) {
	r, ok := t.routes[provider].(interface {
		Fallbacks() ([]schemas.Fallback, []schemas.ErrorKind)
	})
	if !ok {
		return nil, schemas.DefaultFallbackOn()
	}
	list, kinds := r.Fallbacks()
	if len(kinds) == 0 {
		kinds = schemas.DefaultFallbackOn()
	}
	return list, kinds
}

// fallsBack reports whether a failure is of one of the kinds. A call that its caller
// has given up is not, and a target that is not permitted always is.
func fallsBack(err error, kinds []schemas.ErrorKind) bool {
	var e *schemas.Error
	return passedOver(err) || errors.As(err, &e) && e.Kind != schemas.KindCanceled && slices.Contains(kinds, e.Kind)
}

// firstOf returns the first error, with the others among its causes. Targets that were
// passed over count only if nothing else did.
func firstOf(failures []error) error {
	if asked := slices.DeleteFunc(slices.Clone(failures), passedOver); len(asked) > 0 {
		failures = asked
	}
	var first *schemas.Error
	if len(failures) == 1 || !errors.As(failures[0], &first) {
		return failures[0]
	}
	out := *first
	out.Err = errors.Join(append([]error{first.Err}, failures[1:]...)...)
	return &out
}
