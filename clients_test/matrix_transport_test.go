package clients_test

import (
	"cmp"
	"net/http"
	"slices"
	"testing"
)

// elsewhere are features that are about a provider other than the Transport's.
var elsewhere = []string{"unknown model", "rate limit", "failure", "Responses rate limit", "Responses failure"}

// lists are features that ask for the list of models.
var lists = []string{"models", "one model", "at the gateway's root"}

// TestATransportServesTheSDKsForGoAsTheGatewayDoes asks for every feature of the matrix
// through Client.Transport, with each provider's dialect.
func TestATransportServesTheSDKsForGoAsTheGatewayDoes(t *testing.T) {
	p := matrixPlan(t)
	throughGateway := goCells(t, p)
	own := p
	own.Providers, own.Embedders = map[string]string{}, map[string]string{}
	for _, c := range matrixColumns {
		own.Providers[c.title], own.Embedders[c.title] = c.model, cmp.Or(c.embedder, c.model)
	}
	for _, c := range matrixColumns {
		provider := c.title
		via := &http.Client{Transport: p.client.Transport(c.name)}
		for _, sdk := range goSDKs(t, "http://sdk.invalid", via) {
			for _, f := range sdk.features {
				if slices.Contains(elsewhere, f.name) {
					continue
				}
				got := try(t, sdk.name, provider, f, own)
				want := verdict(throughGateway, sdk.name, provider, f.name)
				if c.unlisted && slices.Contains(lists, f.name) {
					want = "–" // the gateway knows from the keys what the provider does not say
				}
				if v := verdict([]cell{got}, sdk.name, provider, f.name); v != want {
					t.Errorf("%s, %s, %s: %s, want %s (%v)", sdk.name, provider, f.name, v, want, deref(got.Error))
				}
			}
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
