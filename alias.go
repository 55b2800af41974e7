package bifrost

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"bifrost/actors"
	"bifrost/schemas"
)

// SetModels replaces all aliases. Requests that are under way are not affected. It is
// an error, and nothing changes, if one is not valid.
func (c *Client) SetModels(aliases map[string]schemas.Alias) error {
	if err := schemas.ValidateAliases(aliases); err != nil {
		return fmt.Errorf("bifrost: %w", err)
	}
	var err error
	c.replace(func(next *table) bool {
		err = knownTargets(aliases, func(provider string) bool { return next.routes[provider] != nil })
		next.aliases = schemas.CloneAliases(aliases)
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("bifrost: %w", err)
	}
	return nil
}

// knownTargets returns nil, or an error that names the targets of providers that there
// are not.
func knownTargets(aliases map[string]schemas.Alias, known func(provider string) bool) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		for i, t := range aliases[name].Targets {
			if provider, _, ok := strings.Cut(t.Model, "/"); ok && !known(provider) {
				faults = append(faults, fmt.Errorf("models.%s.targets[%d].model: there is no provider %q; configure it, or correct the name", name, i, provider))
			}
		}
	}
	return errors.Join(faults...)
}

// Aliases returns the names of the aliases, sorted.
func (c *Client) Aliases() []string { return slices.Sorted(maps.Keys(c.table.Load().aliases)) }

// choose returns where a request for a model goes first, and, if the model is an
// alias, the alias's other targets in the order in which they stand in for it.
func (t *table) choose(model string) (target, []schemas.Fallback, error) {
	alias, ok := t.aliases[model]
	if !ok {
		provider, name, err := t.find(model)
		return target{provider, name}, nil, err
	}
	order := t.spread(alias)
	return order[0], fallbacksTo(order[1:]), nil
}

// spread returns the targets of an alias in the order in which they are to be asked.
func (t *table) spread(a schemas.Alias) []target {
	type place struct {
		target
		lot  float64
		free int
	}
	places := make([]place, len(a.Targets))
	for i, to := range a.Targets {
		weight := to.Weight
		if weight == 0 {
			weight = 1
		}
		p := &places[i]
		p.provider, p.model, _ = strings.Cut(to.Model, "/")
		// The soonest of exponentially distributed times is each target's with the
		// chance of its weight, and so is the next soonest among the rest.
		p.lot = rand.ExpFloat64() / weight
		if a.Spread == schemas.SpreadFree {
			p.free = t.freePlaces(p.provider)
		}
	}
	slices.SortFunc(places, func(x, y place) int { return cmp.Or(cmp.Compare(y.free, x.free), cmp.Compare(x.lot, y.lot)) })
	out := make([]target, len(places))
	for i, p := range places {
		out[i] = p.target
	}
	return out
}

// freePlaces returns how many requests more a provider would admit now: its idle
// workers and free places. It is 0 for one that does not say, or is not there.
func (t *table) freePlaces(provider string) int {
	r, ok := t.routes[provider].(interface{ Stats() actors.Stats })
	if !ok {
		return 0
	}
	s := r.Stats()
	return max(0, s.Concurrency+s.BufferSize-s.InHand-s.Queued)
}

func fallbacksTo(targets []target) []schemas.Fallback {
	var out []schemas.Fallback
	for _, t := range targets {
		out = append(out, schemas.Fallback{Provider: t.provider, Model: t.model})
	}
	return out
}
