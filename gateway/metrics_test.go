package gateway_test

import (
	"io"
	"net/http"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestMetricsAreServedWhereThereAreAny(t *testing.T) {
	own := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	with := serve(t, schemas.BifrostConfig{}, gateway.Options{Metrics: own}, bifrost.WithProvider("fake", always(answer)))
	if got := with.get(t, "/metrics"); got.status != 200 || got.body != "up 1\n" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	without := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", always(answer)))
	if got := without.get(t, "/metrics"); got.status != 404 {
		t.Errorf("without metrics: got %d", got.status)
	}
}
