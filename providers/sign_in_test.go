package providers_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// behindProxy is the one way out of a network: a proxy that leads every connection to
// one secure server, which has the cloud's model and what it signs in to.
type behindProxy struct {
	proxy  string // its address
	caFile string

	mu    sync.Mutex // guards asked
	asked []string
}

// outside is the host of everything beyond the proxy. The certificate of a server of
// httptest has this name.
const outside = "https://example.com"

func newBehindProxy(t *testing.T, h http.HandlerFunc) *behindProxy {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	b := &behindProxy{caFile: filepath.Join(t.TempDir(), "ca.pem")}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(b.caFile, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	var tunnels sync.WaitGroup
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.asked = append(b.asked, r.Method+" "+r.RequestURI)
		b.mu.Unlock()
		up, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		b.mu.Lock() // the end of the test waits for all that began before it
		defer b.mu.Unlock()
		for _, way := range [][2]net.Conn{{conn, up}, {up, conn}} {
			tunnels.Go(func() { // ends when either end closes
				_, _ = io.Copy(way[0], way[1])
				_ = way[0].Close()
			})
		}
	}))
	t.Cleanup(func() {
		proxy.Close()
		server.CloseClientConnections()
		b.mu.Lock()
		defer b.mu.Unlock()
		tunnels.Wait()
	})
	b.proxy = proxy.URL
	return b
}

// chats makes a call and fails unless it was answered and the proxy was asked for so many
// connections.
func (b *behindProxy) chats(t *testing.T, cfg schemas.ProviderConfig, model string, connections int) {
	t.Helper()
	cfg.NetworkConfig = schemas.NetworkConfig{BaseURL: outside, Proxy: schemas.ProxyURL(b.proxy), CAFile: b.caFile}
	p := build(t, "mine", cfg)
	defer func() { _ = p.(io.Closer).Close() }()
	if _, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationChat, Model: model,
		Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}}); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if want := slices.Repeat([]string{"CONNECT example.com:443"}, connections); !slices.Equal(b.asked, want) {
		t.Errorf("the proxy was asked for %q, want %q", b.asked, want)
	}
}

func TestATokenOfGooglesIsFetchedThroughTheProvidersProxy(t *testing.T) {
	b := newBehindProxy(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"fetched","token_type":"Bearer","expires_in":3600}`)
		case r.Header.Get("Authorization") != "Bearer fetched":
			http.Error(w, "no token", http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, providertest.WireOf(schemas.DialectGemini).Whole)
		}
	})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	account, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "robot@p.invalid", "token_uri": outside + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(file, account, 0o600); err != nil {
		t.Fatal(err)
	}
	b.chats(t, schemas.ProviderConfig{Type: "vertex", Vertex: &schemas.VertexConfig{Project: "p", CredentialsFile: file}}, "gemini-a", 2)
}

// assumed is the answer of STS, by hand from
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html.
const assumed = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>` +
	`<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>invented</SecretAccessKey><SessionToken>of-the-role</SessionToken>` +
	`<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`

func TestARoleOfAWSIsAssumedThroughTheProvidersProxy(t *testing.T) {
	b := newBehindProxy(t, func(w http.ResponseWriter, r *http.Request) {
		switch auth := r.Header.Get("Authorization"); {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, assumed)
		case !strings.Contains(auth, "Credential=ASIAROLE/") || r.Header.Get("X-Amz-Security-Token") != "of-the-role":
			http.Error(w, fmt.Sprintf("signed with %s", auth), http.StatusForbidden)
		default:
			_, _ = io.WriteString(w, providertest.WireOf(schemas.DialectBedrock).Whole)
		}
	})
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("of the identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_SHARED_CREDENTIALS_FILE": dir + "/none", "AWS_CONFIG_FILE": dir + "/none", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_CA_BUNDLE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/r", "AWS_ENDPOINT_URL_STS": outside} {
		t.Setenv(name, value)
	}
	b.chats(t, schemas.ProviderConfig{Type: "bedrock", Bedrock: &schemas.BedrockConfig{Region: "eu-west-1"}}, "anthropic.claude", 2)
}
