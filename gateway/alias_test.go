package gateway_test

import (
	"net/http"
	"testing"

	"bifrost/schemas"
)

func TestAnAliasIsAModelsNameOnEverySurface(t *testing.T) {
	s := practice(t)
	if err := s.bifrost.SetModels(map[string]schemas.Alias{"fast": {Targets: []schemas.AliasTarget{{Model: "simulated/sim-small"}}}}); err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"/v1/chat/completions":                `{"model":"fast","messages":[{"role":"user","content":"hi"}]}`,
		"/v1/responses":                       `{"model":"fast","input":"hi"}`,
		"/v1/embeddings":                      `{"model":"fast","input":"hi"}`,
		messagesPath:                          `{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
		"/v1beta/models/fast:generateContent": goodContents,
	} {
		got := s.post(t, path, body)
		if got.status != http.StatusOK || got.header.Get("X-Bifrost-Provider") != "simulated" {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
}
