package adapter

import (
	"context"
	"strings"

	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// Credential puts a key on a request. It is safe for concurrent use. Errors are
// *schemas.Error.
type Credential interface {
	// Apply adds what authorizes the request to its header, which is the request's
	// own; it is called last, so that nothing replaces it. It may block, as a token
	// that has to be fetched does, until ctx ends. The zero Key means that none is
	// configured.
	Apply(ctx context.Context, key schemas.Key, req *httpx.Request) error
}

// Fetcher is a Credential that fetches a token where there is no key.
type Fetcher interface {
	Credential

	// Refused tells that the provider answered a token with 401. The next call is to
	// have another.
	Refused(ctx context.Context, token string)
}

// HeaderKey is the Credential that is a header of its own: Prefix and the key's
// value.
type HeaderKey struct {
	Name, Prefix string
}

// Bearer is the scheme of nearly all providers.
var Bearer = HeaderKey{Name: "Authorization", Prefix: "Bearer "}

// Apply implements Credential. Without a key it adds nothing.
func (k HeaderKey) Apply(_ context.Context, key schemas.Key, req *httpx.Request) error {
	if key.Value == "" {
		return nil
	}
	if err := CheckKey(key.Value); err != nil {
		return err
	}
	req.Header.Set(k.Name, k.Prefix+key.Value)
	return nil
}

// CheckKey returns nil, or the error for a value that no header can have.
func CheckKey(value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return &schemas.Error{Kind: schemas.KindUnauthorized,
			Message: "the key's value has a line break or another control character; correct it under keys"}
	}
	return nil
}

// authorize adds the configured headers and the key to a request. A token that the
// credential has fetched in the key's place is masked as the key is.
func (c *call) authorize(req *httpx.Request) error {
	for name, value := range c.opts.ExtraHeaders {
		req.Header.Set(name, value)
	}
	if c.key.Value == "" && !c.opts.KeyOptional {
		return &schemas.Error{Kind: schemas.KindUnauthorized,
			Message: "the provider needs a key and none was given; add one under keys"}
	}
	if err := c.opts.Credential.Apply(c.ctx, c.key, req); err != nil {
		return err
	}
	if token, ok := strings.CutPrefix(req.Header.Get(Bearer.Name), Bearer.Prefix); ok && c.key.Value == "" {
		c.secret = token
	}
	return nil
}
