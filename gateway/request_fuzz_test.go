package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// FuzzRequest is of a whole request, to providers of each dialect of callers: whatever it
// is, its answer has an id and is no failure of ours, and a refusal is a body of one of
// the dialects with a code.
func FuzzRequest(f *testing.F) {
	for _, path := range []string{chatPath, "/openai/v1/embeddings", "/v1/responses", "/v1/files", "/v1/models/a/m", "/v1/audio/transcriptions", "/readyz", "//v1/messages"} {
		f.Add("POST", path, "application/json", []byte(`{"model":"openai/sim-small","messages":[{"role":"user","content":"a"}],"input":"a","stream":true}`))
	}
	f.Add("POST", messagesPath, "application/json", []byte(strings.ReplaceAll(goodMessage, "fake/m", "gemini/sim-small")))
	f.Add("POST", "/v1beta/models/anthropic/sim-small:streamGenerateContent?alt=sse", "application/json; charset=utf-8", []byte(goodContents))
	f.Add("GET", "/v1beta/models?pageSize=1", "", []byte(nil))
	f.Add("DELETE", "/v1/files/x?provider=%2e%2e", "", []byte(nil))
	f.Add("POST", "/v1/audio/translations", "multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=model\r\n\r\nopenai/x\r\n--b--\r\n"))

	account := schemas.StaticAccount{}
	for _, d := range []schemas.Dialect{schemas.DialectOpenAI, schemas.DialectAnthropic, schemas.DialectGemini} {
		account[string(d)] = schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", Simulation: &schemas.SimulationConfig{Dialect: d}}}
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = client.Shutdown(f.Context()) })
	g := gateway.New(client, gateway.Options{})
	f.Fuzz(func(t *testing.T, method, path, media string, body []byte) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || !strings.HasPrefix(path, "/") || method == "" || strings.ContainsFunc(method, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return // no server takes it
		}
		r := (&http.Request{Method: method, URL: u, RequestURI: path, Host: "h", Header: http.Header{"Content-Type": {media}}, ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(strings.NewReader(string(body))), ContentLength: int64(len(body))}).WithContext(t.Context())
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Header().Get("X-Request-Id") == "" || w.Code >= 500 {
			t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
		}
		if w.Code < 400 {
			return
		}
		if w.Header().Get("X-Bifrost-Code") == "" || w.Header().Get("Content-Type") != "application/json" || gjson.Get(w.Body.String(), "error.message").Str == "" {
			t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
		}
	})
}
