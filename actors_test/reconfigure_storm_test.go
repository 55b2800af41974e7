package actors_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bifrost"
	"bifrost/schemas"
)

func certificatePEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// drawnConfig is any configuration of up to four providers, with "always" among them.
func drawnConfig(rt *rapid.T) schemas.BifrostConfig {
	size := rapid.IntRange(1, 4)
	cfg := schemas.BifrostConfig{Models: map[string]schemas.Alias{}, DropExcessRequests: rapid.Bool().Draw(rt, "drop")}
	account := schemas.StaticAccount{}
	names := append(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID).Draw(rt, "names"), "always")
	for _, name := range names {
		p := takes(time.Duration(rapid.IntRange(0, 3).Draw(rt, "seconds"))*time.Second, size.Draw(rt, "concurrency"), size.Draw(rt, "buffer"))
		p.Keys = []schemas.Key{{Name: "k", Value: rapid.SampledFrom([]string{"v1", "v2"}).Draw(rt, "key"), Concurrency: rapid.IntRange(0, 3).Draw(rt, "limit")}}
		if rapid.Bool().Draw(rt, "own mode") {
			drop := rapid.Bool().Draw(rt, "own drop")
			p.Config.DropExcessRequests = &drop
		}
		account[name] = p
	}
	cfg.Models["fast"] = aliasOf(rapid.SampledFrom(names).Draw(rt, "target")+"/m", "always/m")
	cfg.Account = account
	return cfg
}

// checkRuns compares what runs with a configuration.
func checkRuns(t *testing.T, client *bifrost.Client, cfg schemas.BifrostConfig) {
	t.Helper()
	account := cfg.Account.(schemas.StaticAccount)
	if got, want := client.Providers(), slices.Sorted(maps.Keys(account)); !slices.Equal(got, want) {
		t.Errorf("providers %v, want %v", got, want)
	}
	for name, p := range account {
		drop := cfg.DropExcessRequests
		if own := p.Config.DropExcessRequests; own != nil {
			drop = *own
		}
		s, size := client.Stats().Providers[name], p.Config.ConcurrencyAndBufferSize
		if s.Closed || s.Drop != drop || s.Concurrency != size.Concurrency || s.BufferSize != size.BufferSize ||
			len(s.Keys) != len(p.Keys) || len(p.Keys) > 0 && s.Keys[0].Concurrency != p.Keys[0].Concurrency {
			t.Errorf("%s runs as %+v, want %+v and drop %v", name, s, p.Config, drop)
		}
	}
}

// Whatever follows what, the client runs as the last configuration says, a configuration
// that is refused leaves the one before, and who was accepted is answered.
func TestAnySequenceOfConfigurationsLeavesTheLastOneAndLosesNobody(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			cfg := drawnConfig(rt)
			client := start(t, cfg)
			var callers sync.WaitGroup
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				for range rapid.IntRange(0, 8).Draw(rt, "callers") {
					model := rapid.SampledFrom([]string{"fast", "always/m", "a/m", "b/m"}).Draw(rt, "model")
					callers.Go(func() { allowed(t, askModel(context.Background(), client, model), model) })
				}
				if rapid.Bool().Draw(rt, "settled") {
					synctest.Wait()
				}
				next := drawnConfig(rt)
				if rapid.IntRange(0, 3).Draw(rt, "bad") == 0 {
					bad := schemas.BifrostConfig{Account: maps.Clone(next.Account.(schemas.StaticAccount)), Models: next.Models}
					bad.Account.(schemas.StaticAccount)["z"] = schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "unheard-of"}}
					if client.Reconfigure(context.Background(), bad) == nil {
						t.Error("a bad configuration was taken")
					}
				} else {
					mustReconfigure(t, client, next)
					cfg = next
				}
				checkRuns(t, client, cfg)
				checkSum(t, client)
				time.Sleep(time.Duration(rapid.IntRange(0, 2).Draw(rt, "pause")) * time.Second)
			}
			callers.Wait()
			shutdown(t, client)
		})
	})
}

// allowed is no error but what a configuration itself refuses with: a full mailbox in drop
// mode, or a provider that it has not.
func allowed(t *testing.T, err error, model string) {
	t.Helper()
	var letter *schemas.DeadLetter
	switch {
	case err == nil:
	case errors.As(err, &letter) && letter.Reason == schemas.ReasonQueueFull:
	case errors.Is(err, schemas.ErrNotFound) && model != "fast" && model != "always/m":
	default:
		t.Errorf("%s: %v", model, err)
	}
}

// Everything that changes a client at once, in real time.
func TestChangesOfAllKindsAtOnceUnderTrafficLoseNobody(t *testing.T) {
	checkGoroutines(t)
	account := func(r *rand.Rand) schemas.StaticAccount {
		a := schemas.StaticAccount{"always": takes(0, 1+r.IntN(4), 1+r.IntN(4))}
		for _, name := range []string{"a", "b"} {
			if r.IntN(2) == 0 {
				a[name] = takes(0, 1+r.IntN(4), 1+r.IntN(4))
			}
		}
		return a
	}
	cfg := withAccount(account(rand.New(rand.NewPCG(1, 1))))
	cfg.Models = map[string]schemas.Alias{"fast": aliasOf("always/m")}
	client := start(t, cfg)
	stop := make(chan struct{})
	var callers, changers sync.WaitGroup
	for i := range 8 {
		model := []string{"fast", "always/m"}[i%2]
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					allowed(t, askModel(context.Background(), client, model), model)
				}
			}
		})
	}
	for i := range 4 {
		changers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			for range 60 {
				next := cfg
				next.Account = account(r)
				mustReconfigure(t, client, next)
				_ = client.UpdateProvider(context.Background(), []string{"a", "b", "always"}[r.IntN(3)])
				_ = client.RemoveProvider(context.Background(), []string{"a", "b"}[r.IntN(2)])
				_ = client.SetModels(cfg.Models)
				client.SetDropExcessRequests(false)
			}
		})
	}
	changers.Wait()
	close(stop)
	callers.Wait()
	mustReconfigure(t, client, cfg)
	checkRuns(t, client, cfg)
	shutdown(t, client)
}
