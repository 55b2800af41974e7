package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswerBytes bounds what a Client reads of one answer.
const maxAnswerBytes = 64 << 20

// Client asks the admin API of a running gateway. It is safe for concurrent use.
//
// Its errors say what to do next. An answer that is an error is an *APIError; one that
// did not come is an *UnreachableError.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// NewClient returns a client of the admin listener at baseURL, such as
// http://127.0.0.1:8081; http:// may be left out. An empty token shows none. A nil hc is
// one without a proxy and without a time limit; the contexts of the calls bound them.
func NewClient(baseURL, token string, hc *http.Client) *Client {
	if !strings.Contains(baseURL, "://") {
		baseURL = "http://" + baseURL
	}
	if hc == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.Proxy = nil // the token is for the listener only
		hc = &http.Client{Transport: t}
	}
	own := *hc
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: strings.TrimRight(baseURL, "/"), token: token, http: &own}
}

// APIError is what the admin API has refused.
type APIError struct {
	Status  int    // of HTTP
	Code    string // such as not_found
	Message string
}

// Error says what was refused and what to do next.
func (e *APIError) Error() string {
	if e.Status == http.StatusUnauthorized {
		return "the admin listener wants its token; it is admin.token of the configuration"
	}
	return e.Message
}

// UnreachableError is that no admin API answers at an address.
type UnreachableError struct {
	URL string
	Err error
}

// Error says where nobody answers and what to do next.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no gateway answers at %s: is it running? --admin says where its admin listener is: %v", e.URL, e.Err)
}

// Unwrap returns the reason.
func (e *UnreachableError) Unwrap() error { return e.Err }

// State returns a snapshot of everything.
func (c *Client) State(ctx context.Context) (State, error) {
	var out State
	err := c.call(ctx, http.MethodGet, "/api/v1/state", nil, &out)
	return out, err
}

// Provider returns one provider, with its workers and last errors.
func (c *Client) Provider(ctx context.Context, name string) (ProviderDetail, error) {
	var out ProviderDetail
	err := c.call(ctx, http.MethodGet, "/api/v1/providers/"+url.PathEscape(name), nil, &out)
	return out, err
}

// DeadLetters returns what was refused, by reason, and the last ones.
func (c *Client) DeadLetters(ctx context.Context) (DeadLetters, error) {
	var out DeadLetters
	err := c.call(ctx, http.MethodGet, "/api/v1/dead-letters", nil, &out)
	return out, err
}

// Config returns the configuration that runs, secrets masked.
func (c *Client) Config(ctx context.Context) (RunningConfig, error) {
	var out RunningConfig
	err := c.call(ctx, http.MethodGet, "/api/v1/config", nil, &out)
	return out, err
}

// Set changes a provider at run time, or with "" the default drop mode of all.
func (c *Client) Set(ctx context.Context, provider string, s Settings) error {
	path := "/api/v1/settings"
	if provider != "" {
		path = "/api/v1/providers/" + url.PathEscape(provider)
	}
	return c.call(ctx, http.MethodPatch, path, s, nil)
}

// Reload has the configuration read again. With dryRun nothing changes: the answer says
// what would. Faults of the file are no error here; they are Errors of the answer.
func (c *Client) Reload(ctx context.Context, dryRun bool) (Reload, error) {
	path := "/api/v1/reload"
	if dryRun {
		path += "?dry_run=true"
	}
	var out Reload
	err := c.call(ctx, http.MethodPost, path, nil, &out)
	return out, err
}

// call sends a request and reads its answer into out; nil: the answer does not matter.
func (c *Client) call(ctx context.Context, method, path string, body, out any) error {
	resp, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "application/json" {
		return c.stranger(resp)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return &UnreachableError{c.base, err}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the answer of %s is not what this version understands; are both of the same version? %w", c.base, err)
	}
	return nil
}

// do returns an answer that is none of an error. The caller closes its body.
func (c *Client) do(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var r io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, r)
	if err != nil {
		return nil, fmt.Errorf("the address of the admin listener is an URL such as http://127.0.0.1:8081: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &UnreachableError{c.base, bare(err)}
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var refusal errorBody
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes))
	if err != nil || json.Unmarshal(text, &refusal) != nil || refusal.Error.Code == "" {
		return nil, c.stranger(resp)
	}
	return nil, &APIError{Status: resp.StatusCode, Code: refusal.Error.Code, Message: refusal.Error.Message}
}

// stranger is the error for an answer that no admin API gives.
func (c *Client) stranger(resp *http.Response) error {
	return fmt.Errorf("what answers at %s is no admin listener of a gateway (status %d); --admin says where it is", c.base, resp.StatusCode)
}

// bare leaves out the address, which the error has already.
func bare(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
