package gateway

import (
	"fmt"
	"slices"
	"strings"

	"bifrost/schemas"
)

// provider returns the provider of a call that names no model: the one that the
// header X-Bifrost-Provider names or, without it, the only one of the caller's dialect
// that has the operation. An operation that is not known counts as had by all of them.
func (g *Gateway) provider(x *exchange, op schemas.Operation) (string, error) {
	if name, err := g.told(x); name != "" || err != nil {
		return name, err
	}
	if op == "" {
		op = schemas.OperationRaw
	}
	var speaking, having []string
	for _, name := range g.providersOf(x) {
		info, _ := g.client.Info(name)
		if info.Dialect != x.face.Dialect() {
			continue
		}
		speaking = append(speaking, name)
		if info.Supports(op) {
			having = append(having, name)
		}
	}
	switch {
	case len(having) == 1:
		return having[0], nil
	case len(having) > 1:
		return "", invalid(fmt.Sprintf("the call names no model, and several providers may be meant; send the header %s with one of: %s",
			headerProvider, strings.Join(having, ", ")))
	case len(speaking) == 1:
		return speaking[0], nil // which says what it has
	}
	return "", &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("no provider here has %s in the dialect %s; configure one that has", nameOf(op), x.face.Dialect())}
}

func nameOf(op schemas.Operation) string {
	if op == schemas.OperationRaw {
		return "this operation"
	}
	return string(op)
}

// told returns the provider that the header X-Bifrost-Provider names; "" if there is
// no such header.
func (g *Gateway) told(x *exchange) (string, error) {
	name := x.r.Header.Get(headerProvider)
	all := g.providersOf(x)
	switch {
	case name == "" || slices.Contains(all, name):
	case slices.Contains(g.client.Providers(), name):
		return "", x.member.mayKeep(name)
	default:
		return "", &schemas.Error{Kind: schemas.KindNotFound,
			Message: fmt.Sprintf("the header %s names no provider that there is; send one of: %s", headerProvider, strings.Join(all, ", "))}
	}
	return name, nil
}

// addressed returns a call that names a model as one of the provider that the header
// X-Bifrost-Provider names.
func (g *Gateway) addressed(x *exchange, raw *schemas.RawRequest) (*schemas.RawRequest, error) {
	provider, err := g.told(x)
	if provider == "" || err != nil {
		return raw, err
	}
	model := x.face.Model(raw)
	if strings.HasPrefix(model, provider+"/") {
		return raw, nil
	}
	return x.face.WithModel(raw, provider+"/"+model), nil
}
