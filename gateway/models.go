package gateway

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"bifrost/schemas"
)

// models answers with the models of all providers, in the order of the
// providers' names.
func (g *Gateway) models(x *exchange) error {
	if err := g.look(x); err != nil {
		return err
	}
	names := g.providersOf(x)
	lists := make([][]schemas.Model, len(names))
	faults := make([]error, len(names))
	var asked sync.WaitGroup
	for i, name := range names {
		asked.Go(func() { lists[i], faults[i] = g.modelsOf(x, name) })
	}
	asked.Wait() // no longer than ModelsTimeout
	all := &schemas.ModelList{Object: "list", Data: slices.Concat(lists...)}
	for _, name := range g.client.Aliases() {
		if !x.member.isLimited() || g.grant(x.member, name, map[string]bool{}) {
			all.Data = append(all.Data, aliasModel(name))
		}
	}
	if err := firstOf(faults); err != nil && len(all.Data) == 0 {
		return err
	}
	body, err := x.face.Models(all)
	if err != nil {
		return err
	}
	x.sendJSON(http.StatusOK, body)
	return nil
}

// aliasModel is an alias as the list of models has it.
func aliasModel(name string) schemas.Model { return schemas.Model{ID: name, OwnedBy: "bifrost"} }

// oneModel answers with one model: an alias, or one that its provider lists, or that the
// configuration names as the provider's. What nobody has named is not looked up at the
// provider: its answer would be its own, and not in every dialect.
func (g *Gateway) oneModel(x *exchange) error {
	if err := g.look(x); err != nil {
		return err
	}
	name := x.r.PathValue("model")
	if slices.Contains(g.client.Aliases(), name) {
		if x.member.isLimited() && !g.grant(x.member, name, map[string]bool{}) {
			return mayNot("model", notTheirs)
		}
		return x.sendModel(aliasModel(name))
	}
	if err := g.resolve(x, name); err != nil {
		return err
	}
	if !x.member.mayCall(x.provider, x.model) {
		return mayNot("model", notTheirs)
	}
	models, err := g.modelsOf(x, x.provider)
	for _, m := range models {
		if m.ID == x.provider+"/"+x.model {
			return x.sendModel(m)
		}
	}
	if err != nil {
		return err
	}
	return &refusal{param: "model", err: &schemas.Error{Kind: schemas.KindNotFound, Provider: x.provider, Model: x.model,
		Message: "the provider does not list this model; see the list of models"}}
}

// look begins a request for models, which its client's providers are asked for.
func (g *Gateway) look(x *exchange) error {
	if g.draining.Load() {
		return isDraining()
	}
	if err := x.enter(); err != nil {
		return err
	}
	return x.take()
}

func (x *exchange) sendModel(m schemas.Model) error {
	body, err := x.face.OneModel(m)
	if err != nil {
		return err
	}
	x.sendJSON(http.StatusOK, body)
	return nil
}

// modelsOf asks one provider. Its models are those that it lists, and those that its
// configuration names: by its keys, or as deployments. A provider whose keys all name the
// models that they are for serves no others, whatever it lists, or fails to. With an
// error, the models are those that are known without the provider. A client is told those
// that it may use.
func (g *Gateway) modelsOf(x *exchange, provider string) (models []schemas.Model, err error) {
	defer func() { // a router of the program's own may panic, here outside the request's goroutine
		if fault := recover(); fault != nil {
			g.logPanic(x.settings.Logger.Error().Str(fieldProvider, provider), fault)
			models, err = nil, internalError()
		}
	}()
	ctx, cancel := context.WithTimeout(x.r.Context(), x.settings.ModelsTimeout)
	defer cancel()
	list, err := g.client.ListModelsRequest(ctx, &schemas.ListModelsRequest{Provider: provider})
	if err != nil {
		x.settings.Logger.Warn().Str(fieldProvider, provider).Str(fieldError, kindOf(err)).Msg("the provider did not list its models")
		list = &schemas.ModelList{}
	}
	named, others := g.client.Models(provider)
	var listed []schemas.Model
	if others {
		info, _ := g.client.Info(provider)
		listed = withNamed(list.Data, slices.Concat(named, info.Configured))
	} else {
		listed, err = pick(list.Data, named), nil
	}
	models = make([]schemas.Model, 0, len(listed))
	for _, m := range listed {
		if !x.member.mayCall(provider, m.ID) {
			continue
		}
		m.ID = provider + "/" + m.ID
		if m.OwnedBy == "" {
			m.OwnedBy = provider
		}
		models = append(models, m)
	}
	return models, err
}

// pick returns the named models once each: those that the list knows as it has
// them, in its order, then the others.
func pick(list []schemas.Model, named []string) []schemas.Model {
	var known []schemas.Model
	for _, m := range list {
		if slices.Contains(named, m.ID) && !isListed(known, m.ID) {
			known = append(known, m)
		}
	}
	return withNamed(known, named)
}

// withNamed returns the list with the named models that it lacks after it, sorted.
func withNamed(list []schemas.Model, named []string) []schemas.Model {
	out := slices.Clip(list)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(named))) {
		if !isListed(list, name) {
			out = append(out, schemas.Model{ID: name})
		}
	}
	return out
}

func isListed(list []schemas.Model, id string) bool {
	return slices.ContainsFunc(list, func(m schemas.Model) bool { return m.ID == id })
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
