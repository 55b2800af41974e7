package azure_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/azure"
	"bifrost/schemas"
)

const tenant = "11111111-2222-3333-4444-555555555555"

var application = schemas.AzureConfig{TenantID: tenant, ClientID: "66666666-7777-8888-9999-000000000000", ClientSecret: "s3cret-of-an-application"}

// entra is an authority on loopback that answers as Microsoft Entra does.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
type entra struct {
	*httptest.Server
	doer    httpx.Doer
	seconds int              // how long a token lasts
	token   http.HandlerFunc // nil: a token

	mu    sync.Mutex // guards forms
	forms []map[string]string
}

func newEntra(t *testing.T) *entra {
	t.Helper()
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME",
		"AZURE_REGIONAL_AUTHORITY_NAME", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	e := &entra{seconds: 3600}
	e.Server = httptest.NewTLSServer(e)
	t.Cleanup(e.Close)
	t.Setenv("AZURE_AUTHORITY_HOST", e.URL)
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "prod") // without the command line tools of this machine
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	doer, err := httpx.New(httpx.Config{CAFile: ca, Proxy: schemas.NoProxy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = doer.Close() })
	e.doer = doer
	return e
}

func (e *entra) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	at := e.URL + "/" + tenant
	switch r.URL.Path {
	case "/" + tenant + "/v2.0/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": at + "/v2.0", "token_endpoint": at + "/oauth2/v2.0/token",
			"authorization_endpoint": at + "/oauth2/v2.0/authorize"})
	case "/" + tenant + "/oauth2/v2.0/token":
		if e.token != nil {
			e.token(w, r)
			return
		}
		form := map[string]string{}
		for _, name := range []string{"client_id", "client_secret", "scope", "grant_type", "client_assertion"} {
			form[name] = r.FormValue(name)
		}
		e.mu.Lock()
		e.forms = append(e.forms, form)
		given := len(e.forms)
		e.mu.Unlock()
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":%d,"ext_expires_in":%[1]d,"access_token":"token-%d"}`, e.seconds, given)
	default:
		http.NotFound(w, r)
	}
}

func (e *entra) apply(t *testing.T, c *azure.Credential, key schemas.Key) http.Header {
	t.Helper()
	req := &httpx.Request{Header: http.Header{"Api-Key": {"of-a-header"}, "Authorization": {"of a header"}}}
	if err := c.Apply(t.Context(), key, req); err != nil {
		t.Fatal(err)
	}
	return req.Header
}

func TestAKeyHasAHeaderOfItsOwn(t *testing.T) {
	e := newEntra(t)
	h := e.apply(t, azure.NewCredential(application, endpoint, e.doer), schemas.Key{Value: "k"})
	if h.Get("Api-Key") != "k" || h.Get("Authorization") != "" || len(e.forms) > 0 {
		t.Errorf("got %v, %v", h, e.forms)
	}
}

func TestAnApplicationsTokenIsFetchedOnceForManyCallers(t *testing.T) {
	e := newEntra(t)
	c := azure.NewCredential(application, endpoint, e.doer)
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			req := &httpx.Request{Header: http.Header{"Api-Key": {"of-a-header"}}}
			if err := c.Apply(t.Context(), schemas.Key{}, req); err != nil || req.Header.Get("Authorization") != "Bearer token-1" || req.Header.Get("Api-Key") != "" {
				t.Errorf("got %v, %v", req.Header, err)
			}
		})
	}
	callers.Wait()
	if len(e.forms) != 1 || e.forms[0]["client_id"] != application.ClientID || e.forms[0]["client_secret"] != application.ClientSecret ||
		e.forms[0]["grant_type"] != "client_credentials" || !strings.HasPrefix(e.forms[0]["scope"], "https://cognitiveservices.azure.com/.default") {
		t.Errorf("asked with %v", e.forms)
	}
}

func TestATokenIsRenewedBeforeItsEnd(t *testing.T) {
	e := newEntra(t)
	e.seconds = 59
	c := azure.NewCredential(application, endpoint, e.doer)
	for _, want := range []string{"Bearer token-1", "Bearer token-2"} {
		if got := e.apply(t, c, schemas.Key{}).Get("Authorization"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTheScopeIsThatOfTheCloudUnlessItIsSet(t *testing.T) {
	own := application
	own.Scope = "https://ai.azure.com/.default"
	e := newEntra(t)
	e.apply(t, azure.NewCredential(own, endpoint, e.doer), schemas.Key{})
	if got := e.forms[0]["scope"]; !strings.HasPrefix(got, own.Scope) {
		t.Errorf("asked for %s", got)
	}
}

func TestTheDefaultChainReadsTheEnvironment(t *testing.T) {
	e := newEntra(t)
	t.Setenv("AZURE_TENANT_ID", tenant)
	t.Setenv("AZURE_CLIENT_ID", application.ClientID)
	t.Setenv("AZURE_CLIENT_SECRET", "of-the-environment")
	if got := e.apply(t, azure.NewCredential(schemas.AzureConfig{}, endpoint, e.doer), schemas.Key{}).Get("Authorization"); got != "Bearer token-1" {
		t.Errorf("got %s", got)
	}
	if e.forms[0]["client_secret"] != "of-the-environment" {
		t.Errorf("asked with %v", e.forms)
	}
}

func TestAWorkloadsIdentityIsInTheDefaultChain(t *testing.T) {
	e := newEntra(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("of-the-cluster"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_TENANT_ID", tenant)
	t.Setenv("AZURE_CLIENT_ID", application.ClientID)
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	if got := e.apply(t, azure.NewCredential(schemas.AzureConfig{}, endpoint, e.doer), schemas.Key{}).Get("Authorization"); got != "Bearer token-1" {
		t.Errorf("got %s", got)
	}
	if e.forms[0]["client_assertion"] != "of-the-cluster" {
		t.Errorf("asked with %v", e.forms)
	}
}

// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
func TestAManagedIdentityIsAskedOnTheMachineItself(t *testing.T) {
	e := newEntra(t)
	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Identity-Header") != "of-the-host" || r.FormValue("resource") != "https://cognitiveservices.azure.com" || r.FormValue("client_id") != application.ClientID {
			t.Errorf("asked with %s, %v", r.URL, r.Header)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"access_token":"of-the-machine","expires_on":"4102444800","resource":"r","token_type":"Bearer"}`)
	}))
	defer machine.Close()
	t.Setenv("AZURE_CLIENT_ID", application.ClientID)
	t.Setenv("IDENTITY_ENDPOINT", machine.URL)
	t.Setenv("IDENTITY_HEADER", "of-the-host")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	if got := e.apply(t, azure.NewCredential(schemas.AzureConfig{}, endpoint, e.doer), schemas.Key{}).Get("Authorization"); got != "Bearer of-the-machine" {
		t.Errorf("got %s", got)
	}
}

func TestATokenThatIsRefusedSaysWhatToCheckAndNoMore(t *testing.T) {
	e := newEntra(t)
	e.token = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret s3cret-of-an-application provided.","error_codes":[7000215]}`)
	}
	faulty := application
	faulty.TenantID = "no tenant"
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
	for says, cfg := range map[string]schemas.AzureConfig{"AADSTS7000215": application, "azure.tenant_id": faulty, "default credentials": {}} {
		err := azure.NewCredential(cfg, endpoint, e.doer).Apply(t.Context(), schemas.Key{}, &httpx.Request{Header: http.Header{}})
		if !errors.Is(err, schemas.ErrUnauthorized) || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v", err)
		}
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			if strings.Contains(fmt.Sprintf("%v %+v", cause, cause), "s3cret") {
				t.Errorf("the secret is in %v", cause)
			}
		}
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	e := newEntra(t)
	e.token = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"error":"x"}`, http.StatusUnauthorized) }
	c := azure.NewCredential(application, endpoint, e.doer)
	if err := c.Apply(t.Context(), schemas.Key{}, &httpx.Request{Header: http.Header{}}); err == nil {
		t.Fatal("a token came")
	}
	e.token = nil
	e.apply(t, c, schemas.Key{})
}

func TestATokenThatDoesNotComeEndsWithTheCall(t *testing.T) {
	e := newEntra(t)
	asked := make(chan struct{}, 1)
	e.token = func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // so that the server sees the client go
		asked <- struct{}{}
		<-r.Context().Done()
	}
	c := azure.NewCredential(application, endpoint, e.doer)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 2)
	apply := func() { failed <- c.Apply(ctx, schemas.Key{}, &httpx.Request{Header: http.Header{}}) } // ends with ctx
	go apply()
	<-asked
	go apply()
	cancel()
	for range 2 {
		if err := <-failed; !errors.Is(err, schemas.ErrCanceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

// otherCloud answers in an authority's place, whichever it is.
type otherCloud struct {
	*entra
	asked chan string
}

func (o otherCloud) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	own := *r
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(u.Path, "/token") {
		form, _ := url.ParseQuery(string(r.Body))
		o.asked <- u.Host + " " + form.Get("scope")
	}
	own.URL = strings.Replace(r.URL, "https://"+u.Host, o.URL, 1)
	resp, err := o.doer.Do(ctx, &own)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), o.URL, "https://"+u.Host)))
	return resp, err
}

// Close implements httpx.Doer; the other one's is its own.
func (otherCloud) Close() error { return nil }

func TestASovereignCloudHasItsOwnAuthorityAndScope(t *testing.T) {
	for base, want := range map[string]string{
		"https://r.openai.azure.com": "login.microsoftonline.com https://cognitiveservices.azure.com/.default",
		"https://r.openai.azure.us":  "login.microsoftonline.us https://cognitiveservices.azure.us/.default",
		"https://r.openai.azure.cn":  "login.chinacloudapi.cn https://cognitiveservices.azure.cn/.default",
	} {
		o := otherCloud{newEntra(t), make(chan string, 1)}
		t.Setenv("AZURE_AUTHORITY_HOST", "")
		req := &httpx.Request{Header: http.Header{}}
		if err := azure.NewCredential(application, base, o).Apply(t.Context(), schemas.Key{}, req); err != nil {
			t.Fatal(err)
		}
		if got := <-o.asked; !strings.HasPrefix(got, want) {
			t.Errorf("asked %s, want %s", got, want)
		}
	}
}
