package bifrost

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bifrost/schemas"
)

// Providers returns the names of the providers that run now, sorted.
func (c *Client) Providers() []string { return c.table.Load().names() }

func (t *table) names() []string { return slices.Sorted(maps.Keys(t.routes)) }

// Info returns what a provider can do; false if there is no such provider.
func (c *Client) Info(provider string) (schemas.ProviderInfo, bool) {
	r, ok := c.table.Load().routes[provider]
	if !ok {
		return schemas.ProviderInfo{}, false
	}
	return r.Info(), true
}

// Resolve finds the provider of a model name. An alias stands for one of its targets,
// which is chosen anew each time. Of any other name, what stands before the first "/" is
// the provider if one of that name is configured; the rest is its model. Any
// other name is looked up in the models that the providers' keys list (or, as with
// the simulated one, the provider), and, if none lists it, goes to the only
// provider that has no such list. None or several is not_found, naming the
// candidates.
func (c *Client) Resolve(model string) (provider, providerModel string, err error) {
	to, _, err := c.table.Load().choose(model)
	return to.provider, to.model, err
}

// find finds the provider of a model that is no alias.
func (t *table) find(model string) (provider, providerModel string, err error) {
	routes := t.routes
	if before, after, ok := strings.Cut(model, "/"); ok && routes[before] != nil {
		return before, after, nil
	}
	if model == "" {
		return "", "", &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request names no model; set model to \"provider/model\""}
	}
	var naming, open []string
	for _, name := range t.names() {
		models, all := routes[name].Models()
		if slices.Contains(models, model) {
			naming = append(naming, name)
		} else if all {
			open = append(open, name)
		}
	}
	candidates := naming
	if len(naming) == 0 {
		candidates = open
	}
	if len(candidates) == 1 {
		return candidates[0], model, nil
	}
	return "", "", unresolved(model, candidates, len(naming) > 0, t.names())
}

// unresolved is the error for a model that has no provider, or several candidates: the
// providers whose keys list it, or else those that serve every model.
func unresolved(model string, candidates []string, listed bool, all []string) error {
	message := "no provider serves this model; write it as \"provider/model\" with one of: " + strings.Join(all, ", ")
	if before, _, ok := strings.Cut(model, "/"); ok && !listed {
		message = fmt.Sprintf("there is no provider %q, and no key lists this model; write it as \"provider/model\" with one of: %s",
			before, strings.Join(all, ", "))
	} else if len(candidates) > 1 {
		full := make([]string, len(candidates))
		for i, name := range candidates {
			full[i] = name + "/" + model
		}
		message = "several providers may serve this model; write one of: " + strings.Join(full, ", ")
	}
	return &schemas.Error{Kind: schemas.KindNotFound, Model: model, Message: message}
}
