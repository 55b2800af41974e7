package bifrost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// kept makes a call about what a provider keeps: a response, a file or a batch. Such a
// call is OpenAI's; a provider that speaks another dialect has its own form of it, which
// it is not translated to.
func (c *Client) kept(ctx context.Context, provider string, op schemas.Operation, raw *schemas.RawRequest) (*schemas.Response, error) {
	t := c.begin()
	defer t.leave()
	if err := c.keeps(t, provider, op); err != nil {
		return nil, err
	}
	r, err := c.route(t, provider, "")
	if err != nil {
		return nil, err
	}
	return r.Ask(ctx, &schemas.Request{Operation: schemas.OperationRaw, Provider: provider, Raw: raw})
}

// keeps returns nil, or why a provider cannot be asked for an operation in OpenAI's form.
func (c *Client) keeps(t *table, provider string, op schemas.Operation) error {
	if provider == "" {
		return &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: "the request names no provider; set Provider to the one that keeps it"}
	}
	r, err := c.route(t, provider, "")
	if err != nil {
		return err
	}
	if info := r.Info(); info.Dialect != "" && (info.Dialect != schemas.DialectOpenAI || !info.Supports(op)) {
		return lacks(provider, op, info)
	}
	return nil
}

// lacks is the error of a provider that has not the operation, or not in OpenAI's form.
func lacks(provider string, op schemas.Operation, info schemas.ProviderInfo) error {
	message := fmt.Sprintf("the provider has no %s", op)
	if info.Dialect != schemas.DialectOpenAI {
		message = fmt.Sprintf("typed requests for %s have OpenAI's form, and the provider speaks %s, which they are not translated to", op, info.Dialect)
		if info.Supports(op) {
			message += "; make the call in its own form by RawRequest"
		}
	}
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation, Provider: provider,
		Message: message + "; it has " + dialect.Abilities(info.Operations)}
}

// keptAs is kept for an answer in one piece.
func keptAs[T any](ctx context.Context, c *Client, provider string, op schemas.Operation, raw *schemas.RawRequest,
	decode func([]byte) (*T, error)) (*T, error) {
	resp, err := c.kept(ctx, provider, op, raw)
	if err != nil {
		return nil, err
	}
	out, err := decoded(resp, decode)
	if err != nil {
		return nil, err
	}
	setServed(out, resp.Served)
	return out, nil
}

// setServed notes who gave an answer, where it has a place for that.
func setServed(answer any, served schemas.Served) {
	switch a := answer.(type) {
	case *schemas.ResponsesResponse:
		a.Served = served
	case *schemas.ResponsesItemList:
		a.Served = served
	case *schemas.Deletion:
		a.Served = served
	case *schemas.File:
		a.Served = served
	case *schemas.FileList:
		a.Served = served
	case *schemas.Batch:
		a.Served = served
	case *schemas.BatchList:
		a.Served = served
	}
}

// maxAnswer is the largest answer that is decoded, in bytes, as of other typed requests.
const maxAnswer = 64 << 20

// decoded reads a raw answer in one piece, and closes it.
func decoded[T any](resp *schemas.Response, decode func([]byte) (*T, error)) (*T, error) {
	defer resp.Raw.Body.Close()
	if coding := resp.Raw.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, broken(dialect.BadAnswer("the answer is compressed, which was not asked for; check network_config.base_url"), resp.Served)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Raw.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = dialect.BadAnswer("the answer is over 64 MiB; ask for less, or use a raw call")
	}
	if err != nil {
		return nil, broken(err, resp.Served)
	}
	out, err := decode(body)
	if err != nil {
		return nil, broken(err, resp.Served)
	}
	return out, nil
}

// broken returns what an answer ended with as an *schemas.Error that says whose it was.
func broken(err error, served schemas.Served) error {
	var e *schemas.Error
	if !errors.As(err, &e) {
		e = &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Err: err, Message: "the answer broke off; try again"}
	}
	if e.Provider != "" {
		return err
	}
	own := *e
	own.Provider, own.Model = served.Provider, served.Model
	return &own
}
