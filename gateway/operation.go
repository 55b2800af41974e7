package gateway

import (
	"strings"

	"bifrost/schemas"
)

// operation serves a call of path, which follows the version prefix, by passing
// it to the provider of its model.
func (g *Gateway) operation(path string) endpoint {
	return func(x *exchange) error {
		looksAt := x.face.checks[path]
		if looksAt == nil {
			looksAt = checkStream
		}
		if g.draining.Load() {
			return isDraining()
		}
		body, err := g.readBody(x)
		if err != nil {
			return err
		}
		doc, err := parseDocument(body)
		if err != nil {
			return err
		}
		if err := looksAt(doc); err != nil {
			return err
		}
		return g.pass(x, path, doc)
	}
}

// pass sends the call and its answer on.
func (g *Gateway) pass(x *exchange, path string, doc *document) error {
	if err := g.resolve(x, doc.model.Str); err != nil {
		return err
	}
	header := x.r.Header.Clone()
	header.Set(headerRequestID, x.id)
	resp, err := g.client.RawRequest(x.r.Context(), x.provider, x.model, &schemas.RawRequest{
		Dialect: x.face.Dialect(),
		Method:  x.r.Method,
		Path:    path,
		Query:   x.r.URL.RawQuery,
		Header:  header,
		Body:    doc.withModel(x.model),
	})
	if err != nil {
		return err
	}
	defer resp.Raw.Body.Close()
	x.served(resp.Served)
	return x.send(resp.Raw)
}

// served says who answered, and what of the request was left out.
func (x *exchange) served(s schemas.Served) {
	if len(s.Dropped) > 0 {
		x.Header().Set(headerDropped, strings.Join(s.Dropped, ", "))
	}
}

// resolve finds the provider of a model.
func (g *Gateway) resolve(x *exchange, name string) error {
	provider, model, err := g.client.Resolve(name)
	if err != nil {
		return &refusal{param: "model", err: err}
	}
	if model == "" {
		return badField("model", "the field model names a provider only; write it as \"provider/model\"")
	}
	x.provider, x.model = provider, model
	return nil
}
