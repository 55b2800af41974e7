package providers_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// goodGemini answers a call of generateContent.
func goodGemini(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}`)
}

func TestGeminisBaseURLMeansTheSameWithAndWithoutItsVersion(t *testing.T) {
	for _, suffix := range []string{"", "/", "/v1beta", "/v1beta/", "/prefix", "/prefix/v1beta"} {
		up := providertest.NewUpstream(t)
		up.Script(goodGemini)
		p := build(t, "mine", schemas.ProviderConfig{Type: "gemini", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + suffix}})
		chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
		if _, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}}); err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(strings.TrimRight(suffix, "/"), "/v1beta") + "/v1beta/models/m:generateContent"
		if got := up.Received()[0]; got.Path != want || got.Query != "" || got.Header.Get("X-Goog-Api-Key") != key.Value {
			t.Errorf("%q: called %s", suffix, got.Path)
		}
	}
}

// Callers may send their key in the query; Gemini would take it for the one to use.
func TestACallersKeyInTheQueryIsNotSentToGemini(t *testing.T) {
	up := providertest.NewUpstream(t)
	up.Script(goodGemini)
	p := build(t, "mine", schemas.ProviderConfig{Type: "gemini", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
	resp, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationRaw, Model: "m",
		Raw: &schemas.RawRequest{Method: http.MethodPost, Path: "/models/m:generateContent", Query: "key=callers&a=b", Body: []byte(`{"contents":[]}`),
			Header: http.Header{"Content-Type": {"application/json"}, "X-Goog-Api-Key": {"callers"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Raw.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if got := up.Received()[0]; got.Query != "a=b" || got.Header.Get("X-Goog-Api-Key") != key.Value {
		t.Errorf("sent %s, %v", got.Query, got.Header)
	}
}
