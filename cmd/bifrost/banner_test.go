package main

import (
	"net"
	"strings"
	"testing"

	"bifrost/config"
	"bifrost/schemas"
)

func TestTheBannersModelIsTheFirstThatIsKnownAndCanChat(t *testing.T) {
	named := func(name, kind string, models ...string) config.Provider {
		p := config.Provider{Name: name, Config: schemas.ProviderConfig{Type: kind}}
		if len(models) > 0 {
			p.Keys = []schemas.Key{{Models: models}}
		}
		return p
	}
	tuned := named("sim", "simulated")
	tuned.Config.Simulation = &schemas.SimulationConfig{Models: []string{"mine"}}
	for _, c := range []struct {
		providers []config.Provider
		want      string
		known     bool
	}{
		{[]config.Provider{named("simulated", "simulated")}, "simulated/sim-small", true},
		{[]config.Provider{tuned}, "sim/mine", true},
		{[]config.Provider{named("a", "openai"), named("b", "openai", "text-embedding-3", "gpt")}, "b/gpt", true},
		{[]config.Provider{named("a", "openai"), named("b", "openai", "text-embedding-3")}, "a/MODEL", false},
	} {
		if got, known := firstModel(c.providers); got != c.want || known != c.known {
			t.Errorf("got %s %v, want %s", got, known, c.want)
		}
	}
}

func TestTheCurlLineIsQuotedForAShell(t *testing.T) {
	got := curlLine("http://[::1]:80", `it's/"x`)
	want := `curl 'http://[::1]:80/v1/chat/completions' -H 'Content-Type: application/json' ` +
		`-d '{"model":"it'\''s/\"x","messages":[{"role":"user","content":"Hello"}]}'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnUnspecifiedAddressIsReachedByLoopback(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0": "http://127.0.0.1:80", "::": "http://127.0.0.1:80", "::1": "http://[::1]:80", "10.0.0.1": "http://10.0.0.1:80",
	} {
		if got := reachable(&net.TCPAddr{IP: net.ParseIP(addr), Port: 80}, nil); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
}

func TestTheBannersCommandShowsAKeyWhereClientsNeedOne(t *testing.T) {
	f := &config.File{Providers: []config.Provider{{Name: "a", Config: schemas.ProviderConfig{Type: "simulated"}}}}
	for _, needed := range []bool{false, true} {
		if needed {
			f.Clients = []config.Client{{Name: "team"}}
		}
		var out strings.Builder
		printBanner(&out, "http://127.0.0.1:80", "", f)
		if strings.Contains(out.String(), "  # with the key of a client in BIFROST_KEY\n  curl ") != needed ||
			strings.Contains(out.String(), ` -H "Authorization: Bearer $BIFROST_KEY"`+"\n") != needed {
			t.Errorf("with %d clients got %s", len(f.Clients), out.String())
		}
	}
}

func TestTheBannerSaysWhatHappensToExcessRequests(t *testing.T) {
	f := &config.File{Providers: []config.Provider{{Name: "a"}, {Name: "b", Config: schemas.ProviderConfig{DropExcessRequests: new(false)}}}}
	f.Bifrost.DropExcessRequests = true
	var out strings.Builder
	printBanner(&out, "http://127.0.0.1:80", "", f)
	if !strings.Contains(out.String(), "buffer 0, drops requests when full\n  b (): concurrency 0, buffer 0, lets requests wait when full\n") ||
		!strings.Contains(out.String(), "# put the name") {
		t.Errorf("got %s", out.String())
	}
}
