package gateway

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/schemas"
)

// isLimited reports whether there is something that the client may not use. Nobody in
// particular, who is nil, is not.
func (m *member) isLimited() bool { return m != nil && len(m.Providers)+len(m.Models) > 0 }

// mayUse reports whether a client may use something of a provider.
func (m *member) mayUse(provider string) bool {
	return m == nil || len(m.Providers) == 0 || slices.Contains(m.Providers, provider)
}

// mayCall reports whether a client may use a provider's model.
func (m *member) mayCall(provider, model string) bool {
	return m.mayUse(provider) && m.names(provider+"/"+model)
}

// mayUseAll reports whether a client may use all models of a provider. A call that names
// none may mean any of them, as a batch does.
func (m *member) mayUseAll(provider string) bool {
	if m == nil || len(m.Models) == 0 {
		return m.mayUse(provider)
	}
	return m.mayUse(provider) && slices.ContainsFunc(m.Models, func(pattern string) bool {
		beginning, open := strings.CutSuffix(pattern, "*")
		return open && strings.HasPrefix(provider+"/", beginning)
	})
}

// names reports whether a client's models have a name, which is an alias or
// "provider/model".
func (m *member) names(name string) bool {
	return m == nil || len(m.Models) == 0 || slices.ContainsFunc(m.Models, func(pattern string) bool {
		beginning, open := strings.CutSuffix(pattern, "*")
		return name == pattern || open && strings.HasPrefix(name, beginning)
	})
}

// mayNot is the refusal of what a client may not use.
func mayNot(field, message string) error {
	return &refusal{param: field, err: &schemas.Error{Kind: schemas.KindInvalidRequest, Reason: schemas.ReasonNotPermitted, Message: message}}
}

const notTheirs = "this client may not use the model; see the list of models for those that it may use"

// permitted returns the context of a call that names its models, within which it reaches
// only those that its client may use: by an alias or a fallback of the configuration too.
// It is an error if the call itself names another one.
func (g *Gateway) permitted(ctx context.Context, x *exchange, raw *schemas.RawRequest) (context.Context, error) {
	m := x.member
	if !m.isLimited() {
		return ctx, nil
	}
	_, fallbacks, err := x.face.Fallbacks(raw)
	if err != nil {
		return nil, err
	}
	granted := map[string]bool{} // targets of aliases that the client may use by their names
	if !g.grant(m, x.face.Model(raw), granted) {
		return nil, mayNot("model", notTheirs)
	}
	for _, f := range fallbacks {
		name := f.Model
		if f.Provider != "" {
			name = f.Provider + "/" + f.Model
		}
		if !g.grant(m, name, granted) {
			return nil, mayNot("fallbacks", notTheirs)
		}
	}
	if len(m.Models) > 0 {
		if err := namesOthers(raw.Body); err != nil {
			return nil, err
		}
	}
	return bifrost.WithPermit(ctx, func(provider, model string) bool {
		return m.mayCall(provider, model) || granted[provider+"/"+model]
	}), nil
}

// namesOthers returns the refusal of a body by which a provider would find a model that
// nobody here has seen: some take further ones, and some read a field's name in whatever
// case it has.
func namesOthers(body []byte) (err error) {
	gjson.ParseBytes(body).ForEach(func(key, _ gjson.Result) bool {
		switch {
		case strings.EqualFold(key.Str, "models"):
			err = mayNot("models", "this client may not name several models by the field models; use fallbacks")
		case key.Str != "model" && strings.EqualFold(key.Str, "model"):
			err = mayNot("model", "this client may name its model by the field model only, in small letters")
		}
		return err == nil
	})
	return err
}

// grant reports whether a client may use a model by that name. Targets that it may use
// only because their alias is its own are added to granted.
func (g *Gateway) grant(m *member, name string, granted map[string]bool) bool {
	targets := g.client.AliasTargets(name)
	if len(targets) == 0 {
		provider, model, err := g.client.Resolve(name)
		return err == nil && m.mayCall(provider, model)
	}
	own, some := m.names(name), false
	for _, target := range targets {
		provider, model, _ := strings.Cut(target, "/")
		switch {
		case m.mayCall(provider, model):
			some = true
		case own && m.mayUse(provider):
			granted[target], some = true, true
		}
	}
	return some
}

// providersOf returns the providers that a request's client may use, sorted.
func (g *Gateway) providersOf(x *exchange) []string {
	return slices.DeleteFunc(g.client.Providers(), func(name string) bool { return !x.member.mayUse(name) })
}

// mayKeepFor returns nil, or the refusal of a call for files or batches that names a
// model: what is in them may name others.
func (g *Gateway) mayKeepFor(m *member, name string, op schemas.Operation) error {
	if !m.isLimited() || op != schemas.OperationFiles && op != schemas.OperationBatches {
		return nil
	}
	targets := g.client.AliasTargets(name)
	if len(targets) == 0 {
		targets = []string{name}
	}
	for _, target := range targets {
		provider, _, err := g.client.Resolve(target)
		if err != nil {
			continue // which is refused where it is asked for
		}
		if err := m.mayKeep(provider); err != nil {
			return err
		}
	}
	return nil
}

// mayKeep returns nil, or the refusal of a call that names no model.
func (m *member) mayKeep(provider string) error {
	switch {
	case !m.mayUse(provider):
		return mayNot("", "this client may not use the provider; see the list of models for what it may use")
	case !m.mayUseAll(provider):
		return mayNot("", "this client may use some models of the provider only, and the call may mean any of them; name a model if the call can")
	}
	return nil
}
