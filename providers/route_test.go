package providers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"bifrost/providers"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

func TestAProviderIsReachedThroughItsProxy(t *testing.T) {
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.RequestURI
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}`)
	}))
	defer proxy.Close()
	p := build(t, "mine", schemas.ProviderConfig{Type: "openai",
		NetworkConfig: schemas.NetworkConfig{BaseURL: "http://llm.invalid", Proxy: schemas.ProxyURL(proxy.URL)}})
	chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
	_, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "http://llm.invalid/v1/chat/completions" {
		t.Errorf("the proxy was asked for %s", got)
	}
}

func TestAFileOfAuthoritiesThatIsMissingIsAFaultOfTheProvider(t *testing.T) {
	_, err := providers.Build("openai", schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{CAFile: filepath.Join(t.TempDir(), "x.pem")}})
	if err == nil || !strings.Contains(err.Error(), "network_config.ca_file cannot be opened") {
		t.Errorf("%v", err)
	}
}

func TestThinkingThatAProviderDidNotWriteIsNotPassedToIt(t *testing.T) {
	for typ, c := range map[string]struct{ path, body string }{
		"anthropic": {"/messages", `{"model":"m","messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"bifrost.e30="},{"type":"text","text":"said"}]}]}`},
		"gemini":    {"/models/m:generateContent", `{"contents":[{"role":"model","parts":[{"text":"said","thoughtSignature":"Ymlmcm9zdC5bXQ=="}]}]}`},
	} {
		up := providertest.NewUpstream(t)
		p := build(t, "mine", schemas.ProviderConfig{Type: typ, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
		_, _ = p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationRaw, Model: "m", // what was sent is of interest
			Raw: &schemas.RawRequest{Method: http.MethodPost, Path: c.path, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(c.body)}}})
		calls := up.Received()
		if len(calls) != 1 {
			t.Fatalf("%s: %d calls", typ, len(calls))
		}
		body := string(calls[0].Body)
		if !strings.Contains(body, "said") || strings.Contains(body, "bifrost.") || strings.Contains(body, "Ymlmcm9zdC") {
			t.Errorf("%s was sent %s", typ, body)
		}
	}
}
