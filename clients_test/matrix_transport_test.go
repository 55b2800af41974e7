package clients_test

import (
	"net/http"
	"slices"
	"testing"
)

// elsewhere are features that are about a provider other than the Transport's.
var elsewhere = []string{"unknown model", "rate limit", "failure", "Responses rate limit"}

// TestATransportServesTheSDKsForGoAsTheGatewayDoes asks for every feature of the matrix
// through Client.Transport, with each provider's dialect.
func TestATransportServesTheSDKsForGoAsTheGatewayDoes(t *testing.T) {
	p := matrixPlan(t)
	throughGateway := goCells(t, p)
	own := p
	own.Providers = map[string]string{}
	for provider := range p.Providers {
		own.Providers[provider] = "sim-small"
	}
	for provider := range p.Providers {
		via := &http.Client{Transport: p.client.Transport(provider)}
		for _, sdk := range goSDKs(t, "http://sdk.invalid", via) {
			for _, f := range sdk.features {
				if slices.Contains(elsewhere, f.name) {
					continue
				}
				got := try(t, sdk.name, provider, f, own)
				want := verdict(throughGateway, sdk.name, provider, f.name)
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
