package clients_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"bifrost"
	"bifrost/gateway"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

const (
	callerKey   = "sk-the-callers-own"
	providerKey = "sk-the-providers/secret"
)

// patience bounds the wait for a signal that never comes in a failing test.
const patience = 20 * time.Second

// TestMain keeps the environment of a developer's own SDK out of the tests.
func TestMain(m *testing.M) {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OPENAI_") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// entrance is where the SDK goes in.
type entrance string

const (
	transport entrance = "transport"
	throughGW entrance = "gateway"
	direct    entrance = "direct"
)

// site says what there is to be reached, and by which doors.
type site struct {
	simulation schemas.SimulationConfig
	// upstream, if set, makes the provider's server, anew for each door, instead
	// of the simulation.
	upstream func(t *testing.T) http.Handler

	config    schemas.ProviderConfig
	gateway   gateway.Options
	models    []string // of the provider's key; empty: all
	bufSizes  [2]int   // concurrency and buffer size; zero: the defaults
	dropMode  bool
	entrances []entrance // empty: all three
}

// ours leaves out the control.
func (s site) ours() site {
	s.entrances = []entrance{transport, throughGW}
	return s
}

func (s site) sized(concurrency, buffer int) site {
	s.bufSizes = [2]int{concurrency, buffer}
	return s
}

func (s site) dropping() site {
	s.dropMode = true
	return s
}

func (s site) has(e entrance) bool { return len(s.entrances) == 0 || slices.Contains(s.entrances, e) }

// each runs a test at every door, on loopback sockets.
func (s site) each(t *testing.T, test func(t *testing.T, d *door)) {
	for _, e := range []entrance{transport, throughGW} {
		if !s.has(e) {
			continue
		}
		if s.upstream == nil {
			t.Run(string(e), func(t *testing.T) { test(t, s.inProcess(t, e, onLoopback)) })
		}
		t.Run(string(e)+" over HTTP", func(t *testing.T) { test(t, s.overHTTP(t, e)) })
	}
	if s.has(direct) {
		t.Run(string(direct), func(t *testing.T) { test(t, s.control(t, onLoopback)) })
	}
}

// eachInFakeTime runs a test at every door in a bubble of its own. The provider
// is in process.
func (s site) eachInFakeTime(t *testing.T, test func(t *testing.T, d *door)) {
	for _, e := range []entrance{transport, throughGW, direct} {
		if !s.has(e) {
			continue
		}
		t.Run(string(e), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if e == direct {
					test(t, s.control(t, inMemory))
				} else {
					test(t, s.inProcess(t, e, inMemory))
				}
			})
		})
	}
}

// door is one way of an SDK client to a provider.
type door struct {
	entrance
	sdk      openai.Client
	client   *bifrost.Client  // nil for the control
	gateway  *gateway.Gateway // nil but for the gateway's door
	provider string           // as configured
	prefix   string           // what goes before a model's name
}

// model is how a provider's model is named at this door.
func (d *door) model(name string) string { return d.prefix + name }

func (d *door) ours() bool { return d.entrance != direct }

// stats are the provider's.
func (d *door) stats() bifrost.ProviderStats { return d.client.Stats().Providers[d.provider] }

// inProcess opens a door to the simulated provider in this process.
func (s site) inProcess(t *testing.T, e entrance, serve network) *door {
	s.config.Simulation = &s.simulation
	return s.open(t, e, "simulated", serve)
}

// overHTTP opens a door to an HTTP server as a provider of the OpenAI dialect.
func (s site) overHTTP(t *testing.T, e entrance) *door {
	base, _ := onLoopback(t, s.handler(t))
	s.config.NetworkConfig.BaseURL = base
	return s.open(t, e, "openai", onLoopback)
}

func (s site) handler(t *testing.T) http.Handler {
	if s.upstream != nil {
		return s.upstream(t)
	}
	return simulated.New(s.simulation)
}

func (s site) open(t *testing.T, e entrance, provider string, serve network) *door {
	d := &door{entrance: e, provider: provider, client: s.start(t, provider)}
	if e == transport {
		// The SDK's own base URL stays: nothing is sent there.
		d.sdk = newSDK(option.WithHTTPClient(&http.Client{Transport: d.client.Transport(provider)}))
		return d
	}
	d.prefix = provider + "/"
	d.gateway = gateway.New(d.client, s.gateway)
	base, client := serve(t, d.gateway)
	d.sdk = newSDK(option.WithBaseURL(base+"/v1"), option.WithHTTPClient(client))
	return d
}

// control opens a door past Bifrost.
func (s site) control(t *testing.T, serve network) *door {
	base, client := serve(t, s.handler(t))
	return &door{entrance: direct,
		sdk: newSDK(option.WithBaseURL(base+"/v1"), option.WithHTTPClient(client))}
}

// newSDK is a client that does not retry; a test that wants it to says so.
func newSDK(opts ...option.RequestOption) openai.Client {
	return openai.NewClient(append([]option.RequestOption{option.WithAPIKey(callerKey), option.WithMaxRetries(0)}, opts...)...)
}

// start runs a client with one provider until the test ends.
func (s site) start(t *testing.T, provider string) *bifrost.Client {
	t.Helper()
	s.config.ConcurrencyAndBufferSize = schemas.ConcurrencyAndBufferSize{Concurrency: s.bufSizes[0], BufferSize: s.bufSizes[1]}
	client, err := bifrost.Init(schemas.BifrostConfig{
		DropExcessRequests: s.dropMode,
		Account: schemas.StaticAccount{provider: {
			Config: s.config,
			Keys:   []schemas.Key{{Name: "only", Value: providerKey, Models: s.models}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, client) })
	return client
}
