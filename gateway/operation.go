package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bifrost/schemas"
)

// operation serves a call of path, which follows the version prefix, by passing
// it to the provider of its model.
func (g *Gateway) operation(path string) endpoint {
	return func(x *exchange) error {
		raw, err := g.readCall(x, path, checkJSON)
		if err != nil {
			return err
		}
		if err := x.face.look(raw); err != nil {
			return err
		}
		return g.pass(x, raw)
	}
}

// look checks what of a call would be in vain.
func (f *face) look(raw *schemas.RawRequest) error {
	parse, looksAt := parseDocument, f.checks[raw.Path]
	if f.modelInPath {
		parse, looksAt = parseObject, f.checks[methodOf(raw.Path)]
	}
	if looksAt == nil {
		looksAt = checkStream
	}
	doc, err := parse(raw.Body)
	if err != nil {
		return err
	}
	return looksAt(doc)
}

// pass sends a call that names a model, and its answer, on.
func (g *Gateway) pass(x *exchange, raw *schemas.RawRequest) error {
	raw, err := g.addressed(x, raw)
	if err != nil {
		return err
	}
	if err := g.resolve(x, x.face.Model(raw)); err != nil {
		return err
	}
	permitted, err := g.permitted(x.r.Context(), x, raw)
	if err != nil {
		return err
	}
	x.r = x.r.WithContext(permitted)
	x.streams = x.face.codec.Look(raw).Stream
	return x.forward(func(ctx context.Context) (*schemas.Response, error) { return g.client.DialectRequest(ctx, raw) })
}

// forward makes a call and sends its answer on.
func (x *exchange) forward(call func(context.Context) (*schemas.Response, error)) error {
	ctx, err := x.wait()
	if err != nil {
		return err
	}
	defer x.patience.end()
	if err := x.take(); err != nil {
		return err
	}
	resp, err := x.await(ctx, call)
	if err != nil {
		x.failed(err)
		return x.patience.explain(err)
	}
	defer resp.Raw.Body.Close()
	x.answered = resp
	x.served(resp.Served)
	return x.patience.explain(x.send(resp.Raw))
}

// served notes who answered, and tells what of the request was left out.
func (x *exchange) served(s schemas.Served) {
	if s.Provider != "" {
		x.provider, x.model = s.Provider, s.Model
	}
	x.attempts, x.fallback = s.Attempts, s.Fallback
	x.waited, x.firstContent = s.Waited, s.FirstContent
	if len(s.Dropped) > 0 {
		x.Header().Set(headerDropped, droppedNames(s.Dropped))
	}
}

// maxDropped bounds what is told of left-out fields, in bytes: clients refuse an answer
// whose header is too large.
const maxDropped = 4 << 10

// droppedNames lists the fields that were left out. A name that no header can have, which
// is the caller's own, is quoted.
func droppedNames(names []string) string {
	var list strings.Builder
	for i, name := range names {
		if strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' || c == '"' }) {
			name = strconv.QuoteToASCII(name)
		}
		if list.Len()+len(name) > maxDropped {
			return list.String() + fmt.Sprintf(" and %d more", len(names)-i)
		}
		if i > 0 {
			list.WriteString(", ")
		}
		list.WriteString(name)
	}
	return list.String()
}

// failed notes whose the failure is.
func (x *exchange) failed(err error) {
	var e *schemas.Error
	if errors.As(err, &e) && e.Provider != "" {
		x.provider, x.model = e.Provider, e.Model
	}
}

// resolve finds the provider of a model.
func (g *Gateway) resolve(x *exchange, name string) error {
	provider, model, err := g.client.Resolve(name)
	if err != nil {
		if x.member.isLimited() { // the error would tell what others may use
			err = &schemas.Error{Kind: schemas.KindNotFound, Message: "no provider that this client may use serves the model; see the list of models"}
		}
		return &refusal{param: "model", err: err}
	}
	if model == "" {
		return badField("model", "the field model names a provider only; write it as \"provider/model\"")
	}
	x.provider, x.model = provider, model
	return nil
}
