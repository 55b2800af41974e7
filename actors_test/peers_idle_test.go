package actors_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: what an idle client costs.

// idleGoroutines is how many goroutines five idle providers add.
func idleGoroutines(t *testing.T, concurrency int) int {
	t.Helper()
	before := settled()
	account := schemas.StaticAccount{}
	for i := range 5 {
		account[fmt.Sprint("simulated-", i)] = schemas.StaticProvider{Config: schemas.ProviderConfig{
			Type:                     "simulated",
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: concurrency, BufferSize: 5000},
		}}
	}
	client := start(t, schemas.BifrostConfig{Account: account})
	added := settled() - before
	workers := 0
	for _, s := range client.Stats().Providers {
		workers += s.Workers
	}
	if workers != 5*concurrency {
		t.Errorf("%d workers, want %d", workers, 5*concurrency)
	}
	shutdown(t, client)
	atRest(t, client)
	return added
}

// settled is the number of goroutines once it has not changed for 20 ms.
func settled() int {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	last := runtime.NumGoroutine()
	for same := 0; same < 20; same++ {
		<-tick.C
		if n := runtime.NumGoroutine(); n != last {
			last, same = n, 0
		}
	}
	return last
}

func TestPeersRow26GoroutinesOfIdleProvidersDoNotGrowWithConcurrency(t *testing.T) {
	checkGoroutines(t)
	small, large := idleGoroutines(t, 1), idleGoroutines(t, 1000)
	if large > small {
		t.Errorf("5 idle providers add %d goroutines at a concurrency of 1, and %d at 1000", small, large)
	}
	t.Logf("5 idle providers add %d goroutines at a concurrency of 1, %d at 1000", small, large)
}

// twoCollections empties any sync.Pool.
func twoCollections() {
	for range 2 {
		debug.FreeOSMemory() // collects first
	}
}

func TestPeersRow27AllPooledObjectsAreReadyAfterInitAndAfterTwoCollections(t *testing.T) {
	checkGoroutines(t)
	const size = 500
	client := startClient(t, newProvider(atOnce), poolSize(size))
	ready := func(when string) {
		t.Helper()
		pools := client.Stats().Pools
		if len(pools) == 0 {
			t.Fatal("no pools in the statistics")
		}
		for name, s := range pools {
			if s.Retained != size || s.Size != size {
				t.Errorf("%s: %s has %d of %d ready, want %d", when, name, s.Retained, s.Size, size)
			}
		}
	}
	ready("after init")
	twoCollections()
	ready("after two collections")

	var callers sync.WaitGroup
	for range size {
		callers.Go(func() {
			if err := ask(t.Context(), client); err != nil {
				t.Errorf("answered with %v", err)
			}
		})
	}
	callers.Wait()
	shutdown(t, client) // every object has come back
	ready("after use")
	twoCollections()
	ready("after use and two collections")
	for name, s := range client.Stats().Pools {
		if s.Misses != 0 || s.Hits != size {
			t.Errorf("%s: %d hits, %d misses; want %d, 0", name, s.Hits, s.Misses, size)
		}
	}
	atRest(t, client)
}

func TestPeersRow27TheDefaultPoolSizeIsApplied(t *testing.T) {
	checkGoroutines(t)
	client := start(t, schemas.BifrostConfig{}, bifrost.WithProvider(providerName, newProvider(atOnce)))
	for name, s := range client.Stats().Pools {
		if s.Retained != schemas.DefaultInitialPoolSize {
			t.Errorf("%s has %d ready, want %d", name, s.Retained, schemas.DefaultInitialPoolSize)
		}
	}
	atRest(t, client)
}
