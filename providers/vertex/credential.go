package vertex

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"bifrost/internal/adapter"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// scope is what a token is asked for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// Credential authorizes calls with an access token: the provider's key if there is
// one, else one that is fetched with Google's application default credentials
// (https://cloud.google.com/docs/authentication/application-default-credentials) and
// kept until shortly before its end.
type Credential struct {
	file   string // "": the default credentials
	dial   *http.Transport
	tokens *adapter.Tokens
}

var _ adapter.Fetcher = (*Credential)(nil)

// NewCredential returns a Credential. signIn sets up the connections on which tokens are
// fetched; nil leaves them as net/http has them. Nothing is read before the first call.
func NewCredential(file string, signIn func(*http.Transport)) *Credential {
	dial := http.DefaultTransport.(*http.Transport).Clone()
	if signIn != nil {
		signIn(dial)
	}
	dial.DisableKeepAlives = true // a token lasts an hour: a connection need not
	c := &Credential{file: file, dial: dial}
	c.tokens = adapter.NewTokens(c.fetch)
	return c
}

// Apply implements adapter.Credential. It blocks while a token is fetched.
func (c *Credential) Apply(ctx context.Context, key schemas.Key, req *httpx.Request) error {
	if key.Value == "" {
		token, err := c.tokens.Valid(ctx)
		if err != nil {
			return err
		}
		key.Value = token
	}
	return adapter.Bearer.Apply(ctx, key, req)
}

// Refused implements adapter.Fetcher.
func (c *Credential) Refused(ctx context.Context, token string) { c.tokens.Drop(ctx, token, nil) }

// fetch asks for a new token. What it sends ends with ctx.
func (c *Credential) fetch(ctx context.Context) (adapter.Token, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: bound{ctx, c.dial}})
	creds, err := c.find(ctx)
	if err != nil {
		return adapter.Token{}, noToken()
	}
	token, err := creds.TokenSource.Token()
	if err != nil {
		return adapter.Token{}, noToken()
	}
	return adapter.Token{Value: token.AccessToken, Expires: token.Expiry}, nil
}

// noToken does not have the library's own words, which may quote an answer.
func noToken() *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnauthorized,
		Message: "no access token could be fetched from Google; check vertex.credentials_file or the application default credentials"}
}

// find reads the credentials. The file is the operator's own, so its type is taken
// from it.
func (c *Credential) find(ctx context.Context) (*google.Credentials, error) {
	if c.file == "" {
		return google.FindDefaultCredentials(ctx, scope)
	}
	data, err := os.ReadFile(c.file)
	if err != nil {
		return nil, err
	}
	var in struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, err
	}
	return google.CredentialsFromJSONWithType(ctx, data, in.Type, scope)
}

// bound makes the requests of a library that knows no context end with one.
type bound struct {
	ctx  context.Context
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bound) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.next.RoundTrip(r.WithContext(b.ctx))
}
