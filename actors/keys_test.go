package actors

import (
	"fmt"
	"math"
	"testing"
	"time"

	"bifrost/schemas"
)

// shares picks n times, each for a session of its own if asked, and returns each
// key's share.
func shares(t *testing.T, k *keyring, model string, n int, sessions bool) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for i := range n {
		session := ""
		if sessions {
			session = fmt.Sprint("session ", i)
		}
		key, err := k.pick(model, session, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		out[k.keys[key].Name] += 1 / float64(n)
	}
	return out
}

func TestKeysShareTheTrafficByWeightAlsoByTinyOnes(t *testing.T) {
	for name, c := range map[string]struct {
		weights []float64
		want    []float64
	}{
		"equal":        {[]float64{0, 1}, []float64{0.5, 0.5}},
		"one to three": {[]float64{1, 3}, []float64{0.25, 0.75}},
		"all tiny":     {[]float64{0.001, 0.001, 0.002}, []float64{0.25, 0.25, 0.5}},
		"one tiny":     {[]float64{0.001, 0.999}, []float64{0.001, 0.999}},
	} {
		for _, sessions := range []bool{false, true} {
			var ring []schemas.Key
			for i, w := range c.weights {
				ring = append(ring, schemas.Key{Value: fmt.Sprint("v", i), Weight: w})
			}
			const n = 200_000
			got := shares(t, newKeyring(ring), "m", n, sessions)
			for i, want := range c.want {
				share := got[fmt.Sprintf("key-%d", i+1)]
				if off := math.Abs(share - want); off > 7*math.Sqrt(want*(1-want)/n) || share == 0 {
					t.Errorf("%s, sessions %v: key %d has %.5f of the traffic, want %v", name, sessions, i+1, share, want)
				}
			}
		}
	}
}

func TestOnlyKeysThatServeTheModelAreChosen(t *testing.T) {
	k := newKeyring([]schemas.Key{{Name: "a", Value: "1", Models: []string{"m"}}, {Name: "b", Value: "2", Models: []string{"n"}},
		{Name: "c", Value: "3", Weight: 0.001}})
	for model, others := range map[string]string{"m": "b", "n": "a"} {
		for _, sessions := range []bool{false, true} {
			if got := shares(t, k, model, 20_000, sessions); got[others] != 0 || got["c"] == 0 {
				t.Errorf("%s, sessions %v: %v", model, sessions, got)
			}
		}
	}
	if got := shares(t, k, "x", 100, true); got["c"] == 0 || len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestSessionKeepsItsKeyWhileThatIsHealthyAndComesBackToIt(t *testing.T) {
	now := time.Now()
	k := newKeyring([]schemas.Key{{Value: "1"}, {Value: "2"}, {Value: "3"}})
	pick := func(k *keyring, i int, at time.Time) string {
		key, err := k.pick("m", fmt.Sprint("session ", i), at)
		if err != nil {
			t.Fatal(err)
		}
		return k.keys[key].Value
	}
	const sessions = 300
	home := make([]string, sessions)
	for i := range home {
		home[i] = pick(k, i, now)
		for range 5 {
			if again := pick(k, i, now); again != home[i] {
				t.Fatalf("session %d moved from %s to %s", i, home[i], again)
			}
		}
	}
	k.learn(0, "m", &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, RetryAfter: time.Minute}, now)
	for i := range home {
		during := pick(k, i, now)
		if during == "1" || home[i] != "1" && during != home[i] {
			t.Fatalf("session %d of key %s went to %s while key 1 rested", i, home[i], during)
		}
		if after := pick(k, i, now.Add(time.Hour)); after != home[i] {
			t.Fatalf("session %d did not come back to %s: %s", i, home[i], after)
		}
	}
	// A key that is added takes some sessions over; no other moves.
	more := newKeyring([]schemas.Key{{Value: "4"}, {Value: "3"}, {Value: "2"}, {Value: "1"}})
	for i := range home {
		if now := pick(more, i, now); now != home[i] && now != "4" {
			t.Fatalf("session %d moved from %s to %s for a key that was added", i, home[i], now)
		}
	}
}
