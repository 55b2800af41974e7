package bifrost_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

// A program pulls a model at its server of Ollama through the client, whether it makes
// the call itself or hands the transport to Ollama's own client.
func TestAModelIsPulledThroughTheClientByItsProvidersName(t *testing.T) {
	const progress = `{"status":"pulling manifest"}` + "\n" + `{"status":"success"}` + "\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/pull" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, progress)
	}))
	defer server.Close()
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"local": {
		Config: schemas.ProviderConfig{Type: "ollama", NetworkConfig: schemas.NetworkConfig{BaseURL: server.URL}}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Shutdown(context.Background())

	const body = `{"model":"llama3.2"}`
	raw, err := client.RawRequest(t.Context(), "local", "", &schemas.RawRequest{Method: http.MethodPost, Path: "/api/pull", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(raw.Raw.Body)
	if err != nil || string(got) != progress {
		t.Errorf("the call: got %q, %v", got, err)
	}
	_ = raw.Raw.Body.Close()

	through := &http.Client{Transport: client.Transport("local")}
	resp, err := through.Post("http://any/api/pull", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err = io.ReadAll(resp.Body); err != nil || string(got) != progress || resp.StatusCode != http.StatusOK {
		t.Errorf("the transport: got %d %q, %v", resp.StatusCode, got, err)
	}
}
