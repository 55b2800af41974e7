package admin

import (
	"testing"
	"time"
)

func TestRestingKeysAreToldWithTheFirstThatIsBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	in := func(d time.Duration) *time.Time { at := now.Add(d); return &at }
	good := KeyView{Name: "good", Healthy: true}
	for want, keys := range map[string][]KeyView{
		"": {good},
		"1 of 2 keys rest; the first, a, is back in 3 s": {good, {Name: "a", RestingUntil: in(2100 * time.Millisecond)}},
		"2 of 2 keys rest; the first, b, is back in 5 s": {{Name: "a", RestingUntil: in(time.Minute)}, {Name: "b", RestingUntil: in(5 * time.Second)}},
		"1 of 1 keys rest": {{Name: "a"}},
		"1 of 1 keys rest; the first, a, is back in 0 s": {{Name: "a", RestingUntil: in(-time.Second)}},
	} {
		if got := (ProviderView{Keys: keys}).Resting(now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
