package admin

import (
	"fmt"
	"time"
)

// Resting says, in the words of the terminal, which keys of the provider could not be used
// at the instant, and when the first of them can be again. It is empty if all can be used.
func (p ProviderView) Resting(at time.Time) string {
	resting, name := 0, ""
	var soonest time.Time // zero: not known
	for _, k := range p.Keys {
		if k.Healthy {
			continue
		}
		if resting++; resting == 1 {
			name = k.Name
		}
		if k.RestingUntil != nil && (soonest.IsZero() || k.RestingUntil.Before(soonest)) {
			soonest, name = *k.RestingUntil, k.Name
		}
	}
	if resting == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %d keys rest", resting, len(p.Keys))
	if !soonest.IsZero() {
		text += fmt.Sprintf("; the first, %s, is back in %d s", name, max(0, int(soonest.Sub(at).Seconds()+0.999)))
	}
	return text
}
