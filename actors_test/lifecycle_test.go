package actors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

// faultyAccount is an account whose answers may be errors.
type faultyAccount struct {
	schemas.StaticAccount
	names     []string
	listErr   error
	keysErr   error
	configErr error
}

func (a faultyAccount) GetConfiguredProviders() ([]string, error) { return a.names, a.listErr }

func (a faultyAccount) GetKeysForProvider(ctx context.Context, p string) ([]schemas.Key, error) {
	if a.keysErr != nil {
		return nil, a.keysErr
	}
	return a.StaticAccount.GetKeysForProvider(ctx, p)
}

func (a faultyAccount) GetConfigForProvider(p string) (*schemas.ProviderConfig, error) {
	if a.configErr != nil {
		return nil, a.configErr
	}
	return a.StaticAccount.GetConfigForProvider(p)
}

// accountOf is an account with one provider.
func accountOf(name string, p schemas.StaticProvider) schemas.StaticAccount {
	return schemas.StaticAccount{name: p}
}

// failInit runs an Init that must fail, leave nothing running, and say all of want.
func failInit(t *testing.T, cfg schemas.BifrostConfig, options []bifrost.Option, want ...string) {
	t.Helper()
	checkGoroutines(t)
	client, err := bifrost.Init(cfg, options...)
	if err == nil {
		_ = client.Shutdown(endedContext())
		t.Fatal("Init succeeded")
	}
	if client != nil {
		t.Error("there is a client beside the error")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}

func TestInitNamesEveryProviderThatCannotStart(t *testing.T) {
	simulated := schemas.ProviderConfig{Type: "simulated"}
	sized := func(concurrency, buffer int) schemas.ProviderConfig {
		c := simulated
		c.ConcurrencyAndBufferSize = schemas.ConcurrencyAndBufferSize{Concurrency: concurrency, BufferSize: buffer}
		return c
	}
	network := func(n schemas.NetworkConfig) schemas.ProviderConfig {
		return schemas.ProviderConfig{Type: "openai", NetworkConfig: n}
	}
	key := []schemas.Key{{Value: "v"}}
	cases := map[string]struct {
		provider schemas.StaticProvider
		want     []string
	}{
		"unknown type":       {schemas.StaticProvider{Keys: key, Config: schemas.ProviderConfig{Type: "telepathy"}}, []string{"telepathy"}},
		"no key":             {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "openai"}}, []string{"key"}},
		"empty key":          {schemas.StaticProvider{Keys: []schemas.Key{{Value: "v"}, {}}, Config: simulated}, []string{"key 2"}},
		"negative weight":    {schemas.StaticProvider{Keys: []schemas.Key{{Value: "v", Weight: -1}}, Config: simulated}, []string{"weight"}},
		"concurrency":        {schemas.StaticProvider{Config: sized(-1, 0)}, []string{"concurrency"}},
		"buffer":             {schemas.StaticProvider{Config: sized(0, -5)}, []string{"buffer_size"}},
		"both at once":       {schemas.StaticProvider{Config: sized(-1, -5)}, []string{"concurrency", "buffer_size"}},
		"bad URL":            {schemas.StaticProvider{Keys: key, Config: network(schemas.NetworkConfig{BaseURL: "ftp://x"})}, []string{"base_url"}},
		"negative timeout":   {schemas.StaticProvider{Keys: key, Config: network(schemas.NetworkConfig{TotalTimeout: -1})}, []string{"total_timeout"}},
		"backoff order":      {schemas.StaticProvider{Keys: key, Config: network(schemas.NetworkConfig{RetryBackoffInitial: 2, RetryBackoffMax: 1})}, []string{"retry_backoff_max"}},
		"simulation":         {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", Simulation: &schemas.SimulationConfig{ErrorRate: 2}}}, []string{"error_rate"}},
		"negative waiting":   {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", MaxWaiting: -1}}, []string{"max_waiting"}},
		"negative queueTime": {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", QueueTimeout: -1}}, []string{"queue_timeout"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			account := accountOf("mine", c.provider)
			account["fine"] = schemas.StaticProvider{Config: simulated}
			failInit(t, schemas.BifrostConfig{Account: account}, nil, append(c.want, "mine")...)
		})
	}
}

func TestInitReportsAllFaultsTogether(t *testing.T) {
	failInit(t, schemas.BifrostConfig{Account: schemas.StaticAccount{
		"first":  {Config: schemas.ProviderConfig{Type: "telepathy"}},
		"second": {Config: schemas.ProviderConfig{Type: "openai"}},
		"third":  {Config: schemas.ProviderConfig{Type: "simulated", MaxWaiting: -1}},
	}}, nil, "first", "second", "third")
}

func TestInitReportsWhatTheAccountGetsWrong(t *testing.T) {
	fine := accountOf("mine", schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated"}})
	broken := errors.New("the vault is sealed")
	cases := map[string]struct {
		account schemas.Account
		want    []string
	}{
		"no account":     {nil, []string{"Account"}},
		"no providers":   {schemas.StaticAccount{}, []string{"provider"}},
		"list":           {faultyAccount{StaticAccount: fine, listErr: broken}, []string{"vault"}},
		"keys":           {faultyAccount{StaticAccount: fine, names: []string{"mine"}, keysErr: broken}, []string{"mine", "vault"}},
		"config":         {faultyAccount{StaticAccount: fine, names: []string{"mine"}, configErr: broken}, []string{"mine", "vault"}},
		"twice":          {faultyAccount{StaticAccount: fine, names: []string{"mine", "mine"}}, []string{"mine", "twice"}},
		"slash":          {faultyAccount{StaticAccount: fine, names: []string{"mine", "a/b"}}, []string{"a/b"}},
		"empty":          {faultyAccount{StaticAccount: fine, names: []string{""}}, []string{`""`}},
		"listed, absent": {faultyAccount{StaticAccount: fine, names: []string{"mine", "ghost"}}, []string{"ghost"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { failInit(t, schemas.BifrostConfig{Account: c.account}, nil, c.want...) })
	}
}

func TestInitRefusesNegativePoolSizesAndBadOptions(t *testing.T) {
	p := newProvider(atOnce)
	one := []bifrost.Option{bifrost.WithProvider("mine", p)}
	failInit(t, schemas.BifrostConfig{InitialPoolSize: -1}, one, "initial_pool_size")
	failInit(t, schemas.BifrostConfig{}, []bifrost.Option{bifrost.WithProvider("mine", nil)}, "mine")
	failInit(t, schemas.BifrostConfig{}, append(one, bifrost.WithRouter("yours", nil)), "yours")
	failInit(t, schemas.BifrostConfig{}, []bifrost.Option{bifrost.WithProvider("a/b", p)}, "a/b")
	needy := newProvider(atOnce)
	needy.needsKey = true
	failInit(t, schemas.BifrostConfig{}, []bifrost.Option{bifrost.WithProvider("needy", needy)}, "needy", "key")
}

func TestAbsentSettingsAreTheDefaults(t *testing.T) {
	checkGoroutines(t)
	client := startClient(t, newProvider(atOnce))
	if s := stats(client); s.Concurrency != 10 || s.BufferSize != 100 || s.Drop || s.Workers != 10 {
		t.Errorf("%+v", s)
	}
	if s := pooled(client); s.Size != 100 {
		t.Errorf("%+v", s)
	}
}

// closing is a provider that counts how often it was closed.
type closing struct {
	*scripted
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

func TestClientDoesNotCloseAProviderThatIsTheProgramsOwn(t *testing.T) {
	p := &closing{scripted: newProvider(atOnce)}
	client := startClient(t, p)
	if err := client.UpdateProvider(context.Background(), providerName); err != nil {
		t.Error(err)
	}
	shutdown(t, client)
	if p.closed != 0 {
		t.Errorf("closed %d times", p.closed)
	}
}

func TestProviderThatIsAddedAtRunTimeServesAndOneThatIsRemovedIsNotMadeAgain(t *testing.T) {
	checkGoroutines(t)
	account := schemas.StaticAccount{"one": {Config: schemas.ProviderConfig{Type: "simulated"}}}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	defer shutdown(t, client)
	ctx := context.Background()
	say := func(provider string) error {
		req := saying("hello")
		req.Provider = provider
		_, err := client.ChatCompletionRequest(ctx, req)
		return err
	}
	if err := say("two"); !errors.Is(err, schemas.ErrNotFound) {
		t.Error(err)
	}
	account["two"] = schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated"}}
	if err := client.UpdateProvider(ctx, "two"); err != nil {
		t.Fatal(err)
	}
	if err := say("two"); err != nil || !slices.Equal(client.Providers(), []string{"one", "two"}) {
		t.Errorf("%v, providers %v", err, client.Providers())
	}
	if err := client.RemoveProvider(ctx, "two"); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := say("two"); !errors.Is(err, schemas.ErrNotFound) {
			t.Error(err)
		}
	}
	if err := say("one"); err != nil || !slices.Equal(client.Providers(), []string{"one"}) {
		t.Errorf("%v, providers %v", err, client.Providers())
	}
	if err := client.RemoveProvider(ctx, "two"); !errors.Is(err, schemas.ErrNotFound) {
		t.Error(err)
	}
	checkSum(t, client)
}
