package actors_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// workersOf returns the states of a provider's workers, which must run here.
func workersOf(t testing.TB, client *bifrost.Client) []bifrost.WorkerState {
	t.Helper()
	all, ok := client.Workers(providerName)
	if !ok {
		t.Fatal("the provider does not run here")
	}
	return all
}

// wantWorkers checks the states by their sorted names and models.
func wantWorkers(t testing.TB, client *bifrost.Client, want ...string) {
	t.Helper()
	var got []string
	for i, w := range workersOf(t, client) {
		if i > 0 && workersOf(t, client)[i-1].ID >= w.ID {
			t.Errorf("the ids are not in order")
		}
		text := string(w.Status)
		if w.Model != "" {
			text += " " + w.Model
		}
		got = append(got, text)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("workers are %q, want %q", got, want)
	}
}

func TestEachWorkerSaysWhatItDoesAndSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Request.Operation == schemas.OperationChatStream {
				return streaming(2, time.Hour)(ctx, a)
			}
			return after(time.Minute)(ctx, a)
		}), sizes(3, 1))
		wantWorkers(t, client, "free", "free", "free")
		born := time.Now()
		time.Sleep(time.Second)
		crowd := crowdOf(t.Context(), client, 1)
		s := stream(t.Context(), t, client)
		time.Sleep(2 * time.Second)
		wantWorkers(t, client, "busy "+model, "free", "streaming "+model)
		for _, w := range workersOf(t, client) {
			since := born.Add(time.Second)
			if w.Status == "free" {
				since = born
			}
			if !w.Since.Equal(since) {
				t.Errorf("%s since %v, want %v", w.Status, w.Since.Sub(born), since.Sub(born))
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		crowd.wait()
		synctest.Wait()
		wantWorkers(t, client, "free", "free", "free")
	})
}

func TestAWorkerThatServesOneCallAfterAnotherIsBusySinceTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Minute)), sizes(1, 5))
		began := time.Now()
		crowd := crowdOf(t.Context(), client, 3)
		time.Sleep(90 * time.Second)
		if w := workersOf(t, client); len(w) != 1 || w[0].Status != "busy" || !w[0].Since.Equal(began.Add(time.Minute)) {
			t.Errorf("%+v, want it to be busy since the second call began", w)
		}
		crowd.wait()
	})
}

func TestAWorkerThatHasPanickedTooOftenIsInBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic("p") }), sizes(1, 1))
		for range 4 {
			_ = ask(t.Context(), client)
			synctest.Wait()
			if client.Stats().Providers[providerName].BackoffWorkers > 0 {
				break
			}
		}
		wantWorkers(t, client, "backoff")
	})
}

func TestIDsOfWorkersAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(4, 1))
		client := startAccount(t, a, newProvider(atOnce))
		for _, n := range []int{1, 3, 6} {
			a.change(sizes(n, 1))
			if err := client.UpdateProvider(t.Context(), providerName); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			all := workersOf(t, client)
			if len(all) != n {
				t.Fatalf("%d workers, want %d", len(all), n)
			}
			if last := all[len(all)-1].ID; last > max(4, n) {
				t.Errorf("the last id of %d workers is %d", n, last)
			}
		}
		if _, ok := client.Workers("nobody"); ok {
			t.Error("an unknown provider has workers")
		}
	})
}
