package vertex_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/vertex"
	"bifrost/schemas"
)

// account writes a service account's file that asks url for its tokens.
func account(t *testing.T, url string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]string{"type": "service_account", "project_id": "p", "client_email": "robot@p.invalid", "token_uri": url,
		"private_key_id": "1", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tokens answers each request with another token that lasts for the given seconds.
func tokens(t *testing.T, seconds int) (url string, given *atomic.Int64) {
	t.Helper()
	given = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("assertion") == "" {
			http.Error(w, "no assertion", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, given.Add(1), seconds)
	}))
	t.Cleanup(server.Close)
	return server.URL, given
}

func apply(t *testing.T, c *vertex.Credential, key schemas.Key) string {
	t.Helper()
	req := &httpx.Request{Header: http.Header{}}
	if err := c.Apply(t.Context(), key, req); err != nil {
		t.Fatal(err)
	}
	return req.Header.Get("Authorization")
}

func TestATokenIsFetchedOnceForManyCallers(t *testing.T) {
	url, given := tokens(t, 3600)
	c := vertex.NewCredential(account(t, url), nil)
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			req := &httpx.Request{Header: http.Header{}}
			if err := c.Apply(t.Context(), schemas.Key{}, req); err != nil || req.Header.Get("Authorization") != "Bearer token-1" {
				t.Errorf("got %v, %v", req.Header, err)
			}
		})
	}
	callers.Wait()
	if given.Load() != 1 {
		t.Errorf("%d tokens were fetched", given.Load())
	}
}

func TestATokenIsRenewedBeforeItsEnd(t *testing.T) {
	url, _ := tokens(t, 59)
	c := vertex.NewCredential(account(t, url), nil)
	if first, second := apply(t, c, schemas.Key{}), apply(t, c, schemas.Key{}); first != "Bearer token-1" || second != "Bearer token-2" {
		t.Errorf("got %s, then %s", first, second)
	}
}

func TestTheDefaultCredentialsAreThoseOfTheEnvironment(t *testing.T) {
	url, _ := tokens(t, 3600)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", account(t, url))
	if got := apply(t, vertex.NewCredential("", nil), schemas.Key{}); got != "Bearer token-1" {
		t.Errorf("got %s", got)
	}
}

func TestAKeyIsAnAccessToken(t *testing.T) {
	if got := apply(t, vertex.NewCredential("/does/not/exist", nil), schemas.Key{Value: "ya29.invented"}); got != "Bearer ya29.invented" {
		t.Errorf("got %s", got)
	}
}

func TestCredentialsThatDoNotWorkSayWhatToCheck(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret", http.StatusUnauthorized) }))
	defer refusing.Close()
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"/does/not/exist", empty, account(t, refusing.URL)} {
		err := vertex.NewCredential(file, nil).Apply(t.Context(), schemas.Key{}, &httpx.Request{Header: http.Header{}})
		if !errors.Is(err, schemas.ErrUnauthorized) || !strings.Contains(err.Error(), "vertex.credentials_file") || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
}

func TestATokenThatDoesNotComeEndsWithTheCall(t *testing.T) {
	asked := make(chan struct{}, 1)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // so that the server sees the client go
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer slow.Close()
	c := vertex.NewCredential(account(t, slow.URL), nil)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 2)
	go func() { failed <- c.Apply(ctx, schemas.Key{}, &httpx.Request{Header: http.Header{}}) }() // ends with ctx
	<-asked
	go func() { failed <- c.Apply(ctx, schemas.Key{}, &httpx.Request{Header: http.Header{}}) }() // waits for its turn, and ends with ctx
	cancel()
	for range 2 {
		if err := <-failed; !errors.Is(err, schemas.ErrCanceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheAddressIsTheLocations(t *testing.T) {
	for location, want := range map[string]string{"": "https://aiplatform.googleapis.com/v1", "global": "https://aiplatform.googleapis.com/v1",
		"europe-west4": "https://europe-west4-aiplatform.googleapis.com/v1", "eu": "https://aiplatform.eu.rep.googleapis.com/v1"} {
		opts, err := vertex.Options(schemas.VertexConfig{Location: location}, "", nil)
		if err != nil || opts.BaseURL != want {
			t.Errorf("%q: got %s, %v", location, opts.BaseURL, err)
		}
	}
	if opts, err := vertex.Options(schemas.VertexConfig{}, "http://127.0.0.1:1/v1", nil); err != nil || opts.BaseURL != "http://127.0.0.1:1/v1" {
		t.Errorf("got %s, %v", opts.BaseURL, err)
	}
	if _, err := vertex.Options(schemas.VertexConfig{Location: "evil.example/"}, "", nil); err == nil {
		t.Error("a location that is a path was taken")
	}
}
