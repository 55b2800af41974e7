package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawDeployment fills in any of the options of a deployment. The file has its providers
// already.
func drawDeployment(t *rapid.T, file map[string]any) {
	name := slices.Min(slices.Collect(maps.Keys(file["providers"].(map[string]any))))
	server := map[string]any{"allow_unauthenticated": true}
	maybe(t, server, "listen", rapid.SampledFrom([]string{":0", "[::1]:80", "localhost:1"}))
	maybe(t, server, "max_body_bytes", rapid.Int64Min(1))
	maybe(t, server, "max_header_bytes", rapid.IntRange(1<<10, 16<<20))
	for _, key := range []string{"read_header_timeout", "body_timeout", "write_timeout", "idle_timeout", "shutdown_timeout", "shutdown_delay", "answer_timeout"} {
		maybe(t, server, key, drawDuration)
	}
	maybe(t, server, "watch", rapid.Bool())
	maybe(t, server, "keep_alive", rapid.SampledFrom([]string{"0s", "1s", "10m"}))
	maybe(t, server, "refuse_unmeetable", rapid.Bool())
	maybe(t, server, "log_level", rapid.SampledFrom(logLevels))
	maybe(t, server, "tls", rapid.Just(map[string]any{"cert_file": "c", "key_file": "k"}))
	maybe(t, server, "cors", rapid.SampledFrom([]map[string]any{{"allowed_origins": []string{"*"}}, {"allowed_origins": []string{"http://a.example:1"}, "max_age": "1h"}}))
	maybe(t, server, "statuses", rapid.MapOfN(rapid.SampledFrom(StatusCodes()), rapid.IntRange(400, 599), 1, 3))
	file["server"] = server
	admin := map[string]any{}
	maybe(t, admin, "listen", rapid.SampledFrom([]string{Off, "127.0.0.1:0", "[::1]:9"}))
	maybe(t, admin, "token", rapid.Just("secret-token"))
	maybe(t, admin, "ui", rapid.Bool())
	maybe(t, admin, "profiles", rapid.Bool())
	maybe(t, file, "admin", rapid.Just(admin))
	maybe(t, file, "access_log", rapid.Just(map[string]any{"enabled": false, "sample": 0.0}))
	maybe(t, file, "tracing", rapid.SampledFrom([]map[string]any{{"endpoint": "http://h:1", "headers": map[string]any{"A": "secret"}},
		{"endpoint": "https://h", "protocol": "grpc", "sample_ratio": 0.0, "service_name": "s"}}))
	maybe(t, file, "prices", rapid.Just(map[string]any{name + "/m": map[string]any{"input": 1, "output": 0.0}}))
	client := map[string]any{"keys": []string{"sha256:" + strings.Repeat("0a", 32)}}
	maybe(t, client, "providers", rapid.Just([]string{name}))
	maybe(t, client, "models", rapid.Just([]string{name + "/*", name + "/m"}))
	maybe(t, client, "requests_per_minute", rapid.IntRange(1, maxRate))
	maybe(t, client, "log_content", rapid.Bool())
	maybe(t, file, "clients", rapid.MapOfN(rapid.StringMatching(`[a-z.]{1,3}`), rapid.Just(client), 0, 1))
}

// maskDeployment makes of f what Print writes of it.
func maskDeployment(f *File) {
	f.Admin.Given = true
	f.Admin.Token = hidden(f.Admin.Token)
	for i := range f.Clients {
		for j := range f.Clients[i].Keys {
			f.Clients[i].Keys[j] = mask
		}
	}
	if f.Tracing != nil {
		for name := range f.Tracing.Headers {
			f.Tracing.Headers[name] = mask
		}
	}
	if len(f.Prices) == 0 {
		f.Prices = nil
	}
}

func TestADeploymentIsReadWithItsDefaults(t *testing.T) {
	f := mustParse(t, `
[providers.a]
[models.fast]
targets = [{ model = "a/m" }]
[server]
listen = ":8080"
watch = false
statuses = { queue_full = 429 }
[server.cors]
allowed_origins = ["HTTPS://App.Example"]
[admin]
listen = "off"
[clients.b]
keys = ["env.CLIENT_HASH"]
models = ["fast", "fa*", "a/*"]
[clients.a]
keys = ["sha256:`+strings.Repeat("0C", 32)+`"]
providers = ["a"]
[tracing]
endpoint = "env.HOST_URL"
[prices."a/m"]
input = 1
output = 2
`)
	if f.Server.Watch || f.Server.Statuses["queue_full"] != 429 || f.Server.CORS.AllowedOrigins[0] != "https://app.example" {
		t.Errorf("got %+v", f.Server)
	}
	if want := (Admin{Listen: Off, Given: true, UI: true, Profiles: true}); f.Admin != want {
		t.Errorf("got %#v, want %#v", f.Admin, want)
	}
	want := []Client{{Name: "a", Keys: []string{"sha256:" + strings.Repeat("0c", 32)}, Providers: []string{"a"}},
		{Name: "b", Keys: []string{"sha256:" + strings.Repeat("ab", 32)}, Models: []string{"fast", "fa*", "a/*"}}}
	if !reflect.DeepEqual(f.Clients, want) {
		t.Errorf("got %#v, want %#v", f.Clients, want)
	}
	if tr := (Tracing{Endpoint: "http://10.0.0.1:8000", Protocol: "http", SampleRatio: 1, ServiceName: "bifrost"}); !reflect.DeepEqual(*f.Tracing, tr) {
		t.Errorf("got %#v, want %#v", *f.Tracing, tr)
	}
	if f.AccessLog != (AccessLog{Enabled: true, Sample: 1}) || f.Prices["a/m"] != (Price{Input: 1, CachedInput: 1, Output: 2}) {
		t.Errorf("got %+v and %+v", f.AccessLog, f.Prices)
	}
}

func TestTheGatewayListensOffLoopbackOnlyWithClientsOrWhenItIsToldTo(t *testing.T) {
	const hash = `keys = ["sha256:0000000000000000000000000000000000000000000000000000000000000000"]`
	for text, allowed := range map[string]bool{
		"":                                     false,
		"[clients.a]\n" + hash:                 true,
		"[server]\nallow_unauthenticated=true": true,
		"[server.tls]\ncert_file=\"c\"\nkey_file=\"k\"":                        false,
		"[server.tls]\ncert_file=\"c\"\nkey_file=\"k\"\nclient_ca_file=\"ca\"": true,
	} {
		f := mustParse(t, "[providers.a]\n"+text)
		for _, address := range []string{":1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "host:1"} {
			if err := f.CheckListen(address); (err == nil) != allowed || err != nil && !errors.Is(err, ErrExposed) {
				t.Errorf("%s with %q: got %v", address, text, err)
			}
		}
		for _, address := range []string{"127.0.0.1:1", "localhost:0", "[::1]:1", "127.1.2.3:5"} {
			if err := f.CheckListen(address); err != nil {
				t.Errorf("%s with %q: got %v", address, text, err)
			}
		}
	}
}

func TestWhatIsSecretOfADeploymentIsNotPrinted(t *testing.T) {
	f := mustParse(t, everythingOn(readReference(t)))
	for _, v := range []any{f, f.Admin, f.Clients, f.Clients[0], f.Tracing, *f.Tracing} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "secret") || strings.Contains(text, "d7a8fbb3") {
				t.Errorf("%s of %T has a secret: %s", verb, v, text)
			}
		}
	}
	if text := printed(t, f); strings.Contains(text, "secret-") || strings.Contains(text, "d7a8fbb3") {
		t.Errorf("a secret is in\n%s", text)
	}
}
