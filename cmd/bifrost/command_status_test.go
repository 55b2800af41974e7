package main

import (
	"strings"
	"testing"
	"time"

	"bifrost/admin"
)

func TestStatusSaysWhichKeysRest(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	back := now.Add(30 * time.Second)
	var out strings.Builder
	err := printStatus(&out, "http://127.0.0.1:8081", admin.State{At: now, Started: now, Providers: []admin.ProviderView{
		{Name: "openai", State: "ready", Keys: []admin.KeyView{{Name: "main", RestingUntil: &back}, {Name: "other", Healthy: true}}},
		{Name: "quiet", State: "ready", Keys: []admin.KeyView{{Name: "main", Healthy: true}}},
	}})
	if err != nil || !strings.HasSuffix(out.String(), "\nopenai: 1 of 2 keys rest; the first, main, is back in 30 s\n") {
		t.Errorf("%v, got\n%s", err, out.String())
	}
}
