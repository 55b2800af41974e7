package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: sizes, and what holds while they change.

func TestPeersRow05InitAndUpdateTreatSizesAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []struct{ concurrency, buffer, wantInHand, wantQueued int }{
			{0, 0, schemas.DefaultConcurrency, schemas.DefaultBufferSize},
			{3, 0, 3, schemas.DefaultBufferSize},
			{0, 7, schemas.DefaultConcurrency, 7},
			{1, 1, 1, 1},
		} {
			byInit := newAccount(sizes(size.concurrency, size.buffer), dropExcess)
			byUpdate := newAccount(sizes(2, 2), dropExcess)
			for way, a := range map[string]*account{"init": byInit, "update": byUpdate} {
				gate := make(chan struct{})
				client := startAccount(t, a, newProvider(heldBy(gate)))
				if way == "update" {
					reconfigure(t, client, a, sizes(size.concurrency, size.buffer))
				}
				callers := crowdOf(t.Context(), client, 200)
				synctest.Wait()
				if s := stats(client); s.InHand != size.wantInHand || s.Queued != size.wantQueued {
					t.Errorf("%v by %s: %d in hand, %d queued; want %d, %d", size, way, s.InHand, s.Queued, size.wantInHand, size.wantQueued)
				}
				close(gate)
				accepted := size.wantInHand + size.wantQueued
				wantTally(t, callers.tally(), map[string]int{"ok": accepted, "overloaded/queue_full": 200 - accepted})
				atRest(t, client)
			}
		}
	})
}

func TestPeersRow05ANegativeSizeIsAnErrorForInitAndUpdateAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, bad := range []setting{sizes(-1, 5), sizes(5, -1)} {
			p := newProvider(atOnce)
			client, err := bifrost.Init(schemas.BifrostConfig{Account: newAccount(bad)}, bifrost.WithProvider(providerName, p))
			if err == nil {
				t.Fatalf("init took a negative size: %v", client.Shutdown(t.Context()))
			}
			a := newAccount(sizes(2, 2))
			client = startAccount(t, a, p)
			a.change(bad)
			updateErr := client.UpdateProvider(t.Context(), providerName)
			if updateErr == nil || errors.Unwrap(err) == nil {
				t.Errorf("init: %v, update: %v", err, updateErr)
			}
			if s := stats(client); s.Concurrency != 2 || s.BufferSize != 2 {
				t.Errorf("a failed update changed what runs: concurrency %d, buffer %d", s.Concurrency, s.BufferSize)
			}
			wantTally(t, crowdOf(t.Context(), client, 10).tally(), map[string]int{"ok": 10})
			atRest(t, client)
		}
	})
}

func TestPeersRow06WaitersAreCountedAndBoundedAndTheirWaitCanEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const concurrency, buffer, waiters, k = 2, 3, 4, 5
		gate := make(chan struct{})
		client := startClient(t, newProvider(heldBy(gate)), sizes(concurrency, buffer), maxWaiting(waiters), queueTimeout(10*time.Second))
		callers := crowdOf(t.Context(), client, concurrency+buffer+waiters+k)
		held(t, client, concurrency, buffer, waiters)
		if n := callers.answered(); n != k {
			t.Errorf("%d refused, want exactly %d", n, k)
		}
		time.Sleep(10 * time.Second)
		held(t, client, concurrency, buffer, 0)
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": concurrency + buffer, "overloaded/queue_full": k, "overloaded/queue_timeout": waiters})
		atRest(t, client)
	})
}

// A full mailbox, in both modes: there is no moment in which a caller that has
// gone could be queued.
func TestPeersRow07ACancelledCallerIsNeverAdmittedInTenThousandTries(t *testing.T) {
	for _, drop := range []bool{false, true} {
		t.Run(fmt.Sprint("drop ", drop), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider(after(time.Millisecond))
				client := startClient(t, p, sizes(1, 2), func(s *setup) { s.bifrost.DropExcessRequests = drop })
				gone, cancel := context.WithCancel(t.Context())
				cancel()
				live := &crowd{}
				for range 100 { // while places become free and are taken
					live.join(t.Context(), client, 2)
					dead := crowdOf(gone, client, 100)
					wantTally(t, dead.tally(), map[string]int{"canceled": 100})
					time.Sleep(time.Millisecond)
				}
				told := live.tally()
				s := stats(client)
				if s.Left != 10_000 || s.Admitted != uint64(told["ok"]) || p.Calls() != told["ok"] {
					t.Errorf("left %d, admitted %d, calls %d; want 10000, and %d twice", s.Left, s.Admitted, p.Calls(), told["ok"])
				}
				atRest(t, client)
			})
		})
	}
}

func TestPeersRow08AReloadToASmallerBufferLosesNoneOfTwelve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(1, 3))
		p := newProvider(after(100 * time.Millisecond))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 12)
		held(t, client, 1, 3, 8)
		reconfigure(t, client, a, sizes(1, 1))
		wantTally(t, callers.tally(), map[string]int{"ok": 12})
		if p.Peak() != 1 || p.Calls() != 12 {
			t.Errorf("peak %d, calls %d; want 1, 12", p.Peak(), p.Calls())
		}
		atRest(t, client)
	})
}

func TestPeersRow09TenUpdatesInARowNeverRunOldAndNewWorkersSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var allowed atomic.Int64 // the larger of the old and the new limit while an update runs
		allowed.Store(4)
		var p *scripted
		p = newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if open := p.Open(); int64(open) > allowed.Load() {
				t.Errorf("%d in flight as a call begins, allowed are %d", open, allowed.Load())
			}
			return after(100*time.Millisecond)(ctx, a)
		})
		a := newAccount(sizes(4, 5))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 120)
		old := 4
		for i, limit := range []int{8, 2, 6, 1, 5, 3, 8, 1, 7, 4} {
			time.Sleep(37 * time.Millisecond) // never when calls end
			synctest.Wait()
			allowed.Store(int64(max(old, limit)))
			reconfigure(t, client, a, sizes(limit, 5))
			synctest.Wait()
			allowed.Store(int64(limit))
			old = limit
			checkSum(t, client)
			if p.Peak() > 8 {
				t.Errorf("after update %d: %d in flight", i+1, p.Peak())
			}
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 120})
		if s := stats(client); s.Workers != 4 || p.Peak() > 8 {
			t.Errorf("%d workers, want 4; peak %d, want 8 at most", s.Workers, p.Peak())
		}
		atRest(t, client)
	})
}

func TestPeersRow09UpdatesWithoutAPauseDoNotStackWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := newProvider(heldBy(gate))
		a := newAccount(sizes(5, 5))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 40)
		held(t, client, 5, 5, 30)
		for range 10 {
			reconfigure(t, client, a, sizes(5, 5))
		}
		held(t, client, 5, 5, 30)
		for i := range 10 {
			reconfigure(t, client, a, sizes(1+i%5, 5))
		}
		held(t, client, 5, 5, 30)
		if s := stats(client); s.Workers != 5 || p.Peak() != 5 {
			t.Errorf("%d workers, %d in flight; want 5, 5", s.Workers, p.Peak())
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 40})
		atRest(t, client)
	})
}
