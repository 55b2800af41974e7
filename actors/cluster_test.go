package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// stingy is a cluster that never lends a slot.
type stingy struct{}

func (stingy) Share(_, _ string, _ int, slots *Slots) { slots.Allow(0, time.Time{}) }
func (stingy) Unshare(string, string)                 {}

// A request that waits for a key of the cluster, when the configuration takes the key away,
// is served by the keys that there are then: nothing accepted is refused for a change.
func TestWhoWaitsForAKeyOfTheClusterThatIsTakenAwayIsServedByOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys, err := NewSystem(Options{PoolSize: 4, Cluster: stingy{}})
		if err != nil {
			t.Fatal(err)
		}
		p := fake{func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			return &schemas.Response{Chat: &schemas.ChatResponse{Model: a.Key.Name}}, nil
		}}
		settings := schemas.ProviderConfig{}.WithDefaults()
		shared := schemas.Key{Name: "shared", Value: "1", Concurrency: 2, Scope: schemas.ScopeCluster}
		r, err := sys.Start("p", Config{Provider: p, Settings: settings, Keys: []schemas.Key{shared}})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan string, 3)
		for range 3 {
			go func() { // ends with its call
				resp, err := r.Ask(t.Context(), chat())
				if err != nil {
					served <- err.Error()
					return
				}
				served <- resp.Chat.Model
			}()
		}
		synctest.Wait()
		if s := r.Stats(); s.InHand != 3 || s.Keys[0].Waiting != 3 {
			t.Fatalf("want three that wait for the key: %+v", s)
		}
		if !r.Configure(Config{Provider: p, Settings: settings, Keys: []schemas.Key{{Name: "own", Value: "2"}}}) {
			t.Fatal("the provider has ended")
		}
		for range 3 {
			if got := <-served; got != "own" {
				t.Errorf("got %s", got)
			}
		}
		if s := r.Stats(); !s.Balanced() || s.Completed != 3 {
			t.Errorf("%+v", s)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		sys.Shutdown(ended)
	})
}
