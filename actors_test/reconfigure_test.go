package actors_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// takes is a simulated provider whose answers take d.
func takes(d time.Duration, concurrency, buffer int) schemas.StaticProvider {
	return schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated",
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: concurrency, BufferSize: buffer},
		Simulation:               &schemas.SimulationConfig{Latency: d}}}
}

func withAccount(a schemas.StaticAccount) schemas.BifrostConfig {
	return schemas.BifrostConfig{Account: a}
}

// aliasOf is an alias for targets.
func aliasOf(targets ...string) schemas.Alias {
	var a schemas.Alias
	for _, model := range targets {
		a.Targets = append(a.Targets, schemas.AliasTarget{Model: model})
	}
	return a
}

func mustReconfigure(t *testing.T, client *bifrost.Client, cfg schemas.BifrostConfig) {
	t.Helper()
	if err := client.Reconfigure(context.Background(), cfg); err != nil {
		t.Fatalf("reconfigure: %v", err)
	}
}

func askModel(ctx context.Context, client *bifrost.Client, name string) error {
	_, err := client.ChatCompletionRequest(ctx, chatWith(name))
	return err
}

// asking are requests for a model that are under way.
func asking(client *bifrost.Client, name string, n int) (answers <-chan error) {
	out := make(chan error, n)
	for range n {
		go func() { out <- askModel(context.Background(), client, name) }() // ends with its answer
	}
	return out
}

func wantAnswers(t *testing.T, answers <-chan error, n int) {
	t.Helper()
	for range n {
		if err := <-answers; err != nil {
			t.Errorf("a change of the configuration cost a caller its answer: %v", err)
		}
	}
}

func TestReconfigureServesWhatARemovedProviderWasAskedBeforeAndNothingAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := takes(time.Second, 1, 2), takes(time.Second, 1, 2)
		client := start(t, withAccount(schemas.StaticAccount{"a": a, "b": b}))
		before := asking(client, "a/m", 5) // one in hand, two queued, two that wait for a place
		synctest.Wait()
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"b": b}))
		if err := askModel(t.Context(), client, "a/m"); !errors.Is(err, schemas.ErrNotFound) {
			t.Errorf("a request for a provider that is gone got %v", err)
		}
		if got := client.Providers(); !slices.Equal(got, []string{"b"}) {
			t.Errorf("providers: %v", got)
		}
		if s := client.Stats().Providers["a"]; !s.Closed || s.InHand != 1 || s.Queued != 2 || s.Waiting != 2 {
			t.Errorf("what drains: %+v", s)
		}
		wantAnswers(t, before, 5)
		synctest.Wait()
		if _, still := client.Stats().Providers["a"]; still {
			t.Error("it is still there when all is answered")
		}
	})
}

func TestAProviderMayComeBackWhileItsFormerWorkIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := takes(time.Minute, 1, 2), takes(time.Second, 1, 2)
		client := start(t, withAccount(schemas.StaticAccount{"a": a, "b": b}))
		before := asking(client, "a/m", 2)
		synctest.Wait()
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"b": b}))
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"a": takes(time.Second, 1, 2), "b": b}))
		began := time.Now()
		if err := askModel(t.Context(), client, "a/m"); err != nil || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if s := client.Stats().Providers["a"]; s.Completed != 1 || s.Closed {
			t.Errorf("%+v", s)
		}
		wantAnswers(t, before, 2)
	})
}

func TestAKeysLimitHoldsForAProviderAndItsFormerWorkTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := takes(time.Second, 5, 5)
		limited.Keys = []schemas.Key{{Name: "k", Value: "v", Concurrency: 1}}
		other := takes(time.Second, 1, 1)
		client := start(t, withAccount(schemas.StaticAccount{"a": limited, "b": other}))
		before := asking(client, "a/m", 2)
		synctest.Wait()
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"b": other}))
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"a": limited, "b": other}))
		began := time.Now()
		if err := askModel(t.Context(), client, "a/m"); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("the third call with one key was answered after %v: %v", time.Since(began), err)
		}
		wantAnswers(t, before, 2)
	})
}

func TestARequestIsAnsweredByTheConfigurationThatItBeganWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing := takes(time.Second, 2, 2)
		failing.Config.Simulation.ErrorRate = 1
		client := start(t, schemas.BifrostConfig{Account: schemas.StaticAccount{"a": failing, "b": takes(time.Second, 1, 1)},
			Models: map[string]schemas.Alias{"fast": {Targets: []schemas.AliasTarget{{Model: "a/m", Weight: 1e9}, {Model: "b/m", Weight: 1e-9}}}}})
		before := asking(client, "fast", 1)
		synctest.Wait()
		mustReconfigure(t, client, schemas.BifrostConfig{Account: schemas.StaticAccount{"c": takes(0, 1, 1)},
			Models: map[string]schemas.Alias{"fast": aliasOf("c/m"), "slow": aliasOf("c/m")}})
		wantAnswers(t, before, 1) // by b, which is gone since
		if err := askModel(t.Context(), client, "fast"); err != nil {
			t.Error(err)
		}
		if got := client.Aliases(); !slices.Equal(got, []string{"fast", "slow"}) {
			t.Errorf("aliases: %v", got)
		}
		if s := client.Stats().Providers["c"]; s.Completed != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestReconfigureThatFailsChangesNothingOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := takes(0, 2, 3), takes(0, 1, 1)
		good := schemas.BifrostConfig{Account: schemas.StaticAccount{"a": a, "b": b}, Models: map[string]schemas.Alias{"fast": aliasOf("a/m")}}
		client := start(t, good, bifrost.WithProvider("own", newProvider(atOnce)))
		unknown, empty, keyless := takes(0, 1, 1), takes(0, 1, 1), takes(0, 1, 1)
		unknown.Config.Type = "unheard-of"
		empty.Keys = []schemas.Key{{Name: "k"}}
		keyless.Config = schemas.ProviderConfig{Type: "openai"}
		for name, fault := range map[string]schemas.BifrostConfig{
			"a size":          withAccount(schemas.StaticAccount{"a": takes(0, 9, 9), "b": takes(0, -1, 1)}),
			"a type":          withAccount(schemas.StaticAccount{"a": takes(0, 9, 9), "z": unknown}),
			"a key's value":   withAccount(schemas.StaticAccount{"a": empty, "c": b}),
			"no key":          withAccount(schemas.StaticAccount{"a": takes(0, 9, 9), "c": keyless}),
			"a name":          withAccount(schemas.StaticAccount{"a/b": a}),
			"an alias":        {Account: schemas.StaticAccount{"a": takes(0, 9, 9)}, Models: map[string]schemas.Alias{"fast": aliasOf("b/m")}},
			"an alias's form": {Account: schemas.StaticAccount{"c": a}, Models: map[string]schemas.Alias{"fast": aliasOf("c")}},
			"the pool":        {Account: schemas.StaticAccount{"c": a}, InitialPoolSize: 7},
			"an account":      {Account: brokenAccount{}},
		} {
			if err := client.Reconfigure(t.Context(), fault); err == nil {
				t.Errorf("%s: no error", name)
			}
			if got := client.Providers(); !slices.Equal(got, []string{"a", "b", "own"}) {
				t.Errorf("%s: %v", name, got)
			}
			if s := client.Stats().Providers["a"]; s.Concurrency != 2 || s.BufferSize != 3 || s.Closed {
				t.Errorf("%s: %+v", name, s)
			}
			if got := client.Aliases(); !slices.Equal(got, []string{"fast"}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if err := askModel(t.Context(), client, "fast"); err != nil {
			t.Error(err)
		}
	})
}

type brokenAccount struct{ schemas.StaticAccount }

func (brokenAccount) GetConfiguredProviders() ([]string, error) {
	return nil, errors.New("the vault is closed")
}

func TestReconfigureKeepsWhatCameByOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := newProvider(atOnce)
		client := start(t, withAccount(schemas.StaticAccount{"own": {Config: takes(0, 3, 3).Config}}),
			bifrost.WithProvider("own", own), bifrost.WithRouter("routed", routed{}))
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"a": takes(0, 1, 1)}))
		if got := client.Providers(); !slices.Equal(got, []string{"a", "own", "routed"}) {
			t.Errorf("providers: %v", got)
		}
		if s := client.Stats().Providers["own"]; s.Concurrency != schemas.DefaultConcurrency {
			t.Errorf("settings that are gone stay: %+v", s)
		}
		if err := client.Reconfigure(t.Context(), withAccount(schemas.StaticAccount{"routed": takes(0, 1, 1)})); err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("a provider of a router's name: %v", err)
		}
		if err := askModel(t.Context(), client, "own/m"); err != nil {
			t.Error(err)
		}
	})
}

type routed struct{}

func (routed) Ask(context.Context, *schemas.Request) (*schemas.Response, error) {
	return answer("ok"), nil
}
func (routed) Info() schemas.ProviderInfo         { return schemas.ProviderInfo{} }
func (routed) Models() (names []string, all bool) { return []string{"only-here"}, false }

func TestShutdownWaitsForRemovedProvidersAndReportsWhatTheyLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, withAccount(schemas.StaticAccount{"a": takes(time.Second, 1, 5), "b": takes(0, 1, 1)}))
		before := asking(client, "a/m", 3)
		synctest.Wait()
		mustReconfigure(t, client, withAccount(schemas.StaticAccount{"b": takes(0, 1, 1)}))
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var left *bifrost.ShutdownError
		if err := client.Shutdown(ctx); !errors.As(err, &left) || len(left.Left) != 1 || left.Left[0].Provider != "a" || left.Left[0].Queued != 1 || left.Left[0].InHand != 1 {
			t.Errorf("left: %v", err)
		}
		answered := 0
		for range 3 {
			if err := <-before; err == nil {
				answered++
			}
		}
		if answered != 1 {
			t.Errorf("%d answered", answered)
		}
		if err := client.Reconfigure(context.Background(), withAccount(schemas.StaticAccount{"c": takes(0, 1, 1)})); err == nil {
			t.Error("a client that is shut down took a configuration")
		}
	})
}

func TestReconfigureStartsAProviderAgainThatAnActorHasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := withAccount(schemas.StaticAccount{"a": takes(time.Second, 1, 5)})
		client := start(t, cfg)
		before := asking(client, "a/m", 2)
		synctest.Wait()
		pid, _ := client.ProviderPID("a")
		client.ActorSystem().Root.Poison(pid)
		synctest.Wait()
		mustReconfigure(t, client, cfg)
		if err := askModel(t.Context(), client, "a/m"); err != nil {
			t.Error(err)
		}
		wantAnswers(t, before, 2)
	})
}

// Real time, because a goroutine that waits for a mutex stops a bubble's clock.
func TestReconfigureWaitsForOtherChangesNoLongerThanItsContext(t *testing.T) {
	checkGoroutines(t)
	client := start(t, withAccount(schemas.StaticAccount{"a": takes(time.Hour, 1, 5), "b": takes(0, 1, 1)}))
	ctx, cancel := context.WithCancel(context.Background())
	waiting := make(chan error, 1)
	go func() { waiting <- askModel(ctx, client, "a/m") }()
	eventually(t, "a call in hand", func() bool { return client.Stats().Providers["a"].InHand == 1 })
	removed := make(chan error, 1)
	go func() { removed <- client.RemoveProvider(context.Background(), "a") }()
	eventually(t, "draining", func() bool { return client.Stats().Providers["a"].Closed })
	short, done := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer done()
	if err := client.Reconfigure(short, withAccount(schemas.StaticAccount{"b": takes(0, 2, 2)})); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	cancel()
	<-waiting
	if err := <-removed; err != nil {
		t.Error(err)
	}
	mustReconfigure(t, client, withAccount(schemas.StaticAccount{"b": takes(0, 2, 2)}))
	if got := client.Stats().Providers["b"].Concurrency; got != 2 {
		t.Errorf("concurrency %d", got)
	}
}

func TestAProviderThatDoesNotDifferKeepsItsConnections(t *testing.T) {
	var opened atomic.Int64
	upstream := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`)
	}))
	upstream.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	upstream.Start()
	defer upstream.Close()
	reached := func(value string) schemas.StaticProvider {
		return schemas.StaticProvider{Keys: []schemas.Key{{Value: value}}, Config: schemas.ProviderConfig{Type: "openai", NetworkConfig: schemas.NetworkConfig{BaseURL: upstream.URL}}}
	}
	client := start(t, withAccount(schemas.StaticAccount{"a": reached("v1")}))
	for i, step := range []struct {
		account schemas.StaticAccount
		opened  int64
	}{
		{schemas.StaticAccount{"a": reached("v1"), "b": takes(0, 1, 1)}, 1},
		{schemas.StaticAccount{"a": reached("v1"), "b": takes(0, 5, 5)}, 1},
		{schemas.StaticAccount{"a": reached("v2")}, 2},
		{schemas.StaticAccount{"a": reached("v2")}, 2},
	} {
		if err := askModel(t.Context(), client, "a/m"); err != nil {
			t.Fatal(err)
		}
		mustReconfigure(t, client, withAccount(step.account))
		if err := askModel(t.Context(), client, "a/m"); err != nil {
			t.Fatal(err)
		}
		if n := opened.Load(); n != step.opened {
			t.Errorf("after step %d: %d connections", i, n)
		}
	}
}

func TestNewContentOfACertificateFileIsAChange(t *testing.T) {
	upstream := httptest.NewTLSServer(http.NotFoundHandler())
	defer upstream.Close()
	path := filepath.Join(t.TempDir(), "ca.pem")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certificatePEM(upstream.Certificate()))
	cfg := withAccount(schemas.StaticAccount{"a": {Config: schemas.ProviderConfig{Type: "openai",
		NetworkConfig: schemas.NetworkConfig{BaseURL: upstream.URL, CAFile: path}}}})
	client := start(t, cfg)
	mustReconfigure(t, client, cfg)
	write("nothing of use")
	if err := client.Reconfigure(t.Context(), cfg); err == nil {
		t.Error("the file was not read again")
	}
}
