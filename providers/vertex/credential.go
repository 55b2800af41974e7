package vertex

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"bifrost/internal/adapter"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// scope is what a token is asked for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// early is how long before its end a token is renewed.
const early = time.Minute

// Credential authorizes calls with an access token: the provider's key if there is
// one, else one that is fetched with Google's application default credentials
// (https://cloud.google.com/docs/authentication/application-default-credentials) and
// kept until shortly before its end.
type Credential struct {
	file string // "": the default credentials
	now  func() time.Time
	dial *http.Transport

	// turn is held by who fetches a token; nobody waits for it longer than his own
	// context lasts.
	turn  chan struct{}
	token *oauth2.Token
}

var _ adapter.Credential = (*Credential)(nil)

// NewCredential returns a Credential. Nothing is read before the first call.
func NewCredential(file string) *Credential {
	dial := http.DefaultTransport.(*http.Transport).Clone()
	dial.DisableKeepAlives = true // a token lasts an hour: a connection need not
	return &Credential{file: file, now: time.Now, dial: dial, turn: make(chan struct{}, 1)}
}

// Apply implements adapter.Credential. It blocks while a token is fetched.
func (c *Credential) Apply(ctx context.Context, key schemas.Key, req *httpx.Request) error {
	if key.Value == "" {
		token, err := c.valid(ctx)
		if err != nil {
			return err
		}
		key.Value = token
	}
	return adapter.Bearer.Apply(ctx, key, req)
}

// valid returns a token that lasts, fetching one if need be. A failure is not kept.
func (c *Credential) valid(ctx context.Context) (string, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return "", httpx.Ended(ctx, false)
	}
	if t := c.token; t != nil && (t.Expiry.IsZero() || c.now().Before(t.Expiry.Add(-early))) {
		return t.AccessToken, nil
	}
	token, err := c.fetch(ctx)
	if ended := httpx.Ended(ctx, false); err != nil && ended != nil {
		return "", ended
	}
	if err != nil {
		return "", &schemas.Error{Kind: schemas.KindUnauthorized,
			Message: "no access token could be fetched from Google; check vertex.credentials_file or the application default credentials"}
	}
	c.token = token
	return token.AccessToken, nil
}

// fetch asks for a new token. What it sends ends with ctx.
func (c *Credential) fetch(ctx context.Context) (*oauth2.Token, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: bound{ctx, c.dial}})
	creds, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	return creds.TokenSource.Token()
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
