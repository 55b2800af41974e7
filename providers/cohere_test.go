package providers_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

func TestCoheresBaseURLMeansTheSameWithAndWithoutItsVersion(t *testing.T) {
	for _, suffix := range []string{"", "/", "/v2", "/v2/", "/prefix", "/prefix/v2"} {
		up := providertest.NewUpstream(t)
		up.Script(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if strings.HasSuffix(r.URL.Path, "/models") {
				_, _ = io.WriteString(w, `{"models":[]}`)
				return
			}
			_, _ = io.WriteString(w, `{"results":[{"index":0,"relevance_score":1}]}`)
		})
		p := build(t, "mine", schemas.ProviderConfig{Type: "cohere", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + suffix}})
		rank := &schemas.RerankRequest{Query: "q", Documents: []string{"a"}}
		for _, req := range []*schemas.Request{{Operation: schemas.OperationRerank, Model: "m", Rerank: rank}, {Operation: schemas.OperationListModels}} {
			if _, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: req}); err != nil {
				t.Fatal(err)
			}
		}
		prefix := strings.TrimSuffix(strings.TrimRight(suffix, "/"), "/v2")
		calls := up.Received()
		if calls[0].Path != prefix+"/v2/rerank" || calls[1].Path != prefix+"/v1/models" || calls[0].Header.Get("Authorization") != "Bearer "+key.Value {
			t.Errorf("%q: called %s and %s", suffix, calls[0].Path, calls[1].Path)
		}
	}
}
