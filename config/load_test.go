package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadNamesAFileThatDoesNotExist(t *testing.T) {
	_, err := Load("no-such-dir/bifrost.toml")
	if want := "no-such-dir/bifrost.toml: does not exist; name a configuration file with --config"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the error is not fs.ErrNotExist")
	}
}

func TestLoadRefusesADirectory(t *testing.T) {
	_, err := Load("testdata")
	want := "testdata: is a directory; name a file in it, such as testdata" + string(filepath.Separator) + "bifrost.toml"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLoadRefusesAFileThatIsTooLarge(t *testing.T) {
	path := write(t, "bifrost.toml", "")
	if err := os.Truncate(path, maxFileBytes+1); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path)
	if want := path + ": is larger than 16 MiB; name a configuration file"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLoadTellsTheFormatFromTheName(t *testing.T) {
	const asJSON, asTOML = `{"providers": {"a": {}}} // end`, "[providers.a]"
	for name, text := range map[string]string{
		"a.json": asJSON, "a.JSON": asJSON, "a.jsonc": asJSON, "a.toml": asTOML, "a": asTOML, "a.conf": asTOML,
	} {
		f, err := Load(write(t, name, text))
		if err != nil || len(f.Providers) != 1 || filepath.Base(f.Path) != name {
			t.Errorf("%s: got %v, %v", name, f, err)
		}
	}
}

func TestLoadReadsTheEnvironmentOfTheProcess(t *testing.T) {
	t.Setenv("CONFIG_TEST_KEY", "k-1")
	f, err := Load(write(t, "a.toml", "[[providers.a.keys]]\nvalue = \"env.CONFIG_TEST_KEY\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if f.Providers[0].Keys[0].Value != "k-1" {
		t.Error("the key is not that of the environment")
	}
}

func TestParseAsksTheProcessForReferencesUnlessItIsGivenALookup(t *testing.T) {
	t.Setenv("CONFIG_TEST_KEY", "of the process")
	given := func(string) (string, bool) { return "given", true }
	for want, opts := range map[string][]Option{
		"of the process": nil, "given": {WithLookupEnv(given)},
	} {
		f, err := Parse("f", []byte("[[providers.a.keys]]\nvalue = \"env.CONFIG_TEST_KEY\"\n"), TOML, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Providers[0].Keys[0].Value; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := Parse("f", []byte("[[providers.a.keys]]\nvalue = \"env.CONFIG_TEST_KEY\"\n"), TOML, WithLookupEnv(nil)); err != nil {
		t.Errorf("nil is not the process: %v", err)
	}
}

func TestAByteOrderMarkAndWindowsLineEndsAreTolerated(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		format Format
	}{
		"TOML": {"\xef\xbb\xbf# first\r\n[providers.a]\r\nmax_waiting = 0\r\n", TOML},
		"JSON": {"\xef\xbb\xbf// first\r\n{\"providers\": {\"a\": {\r\n\"max_waiting\": 0}}}\r\n", JSON},
	} {
		_, err := Parse("f", []byte(c.text), c.format, WithLookupEnv(testEnv))
		if err == nil || !strings.HasPrefix(err.Error(), "f:3: providers.a.max_waiting: ") {
			t.Errorf("%s: got %v, want the fault on line 3 alone", name, err)
		}
	}
}

func TestAKnownTypeIsAskedForOnlyWhenTypesAreGiven(t *testing.T) {
	const text = `
[providers.opnai]

[providers.mine]
type = "opneai"

[providers.other]
[providers.openai]
[providers.second]
type = "openai"
`
	mustParse(t, text)
	_, err := Parse("f", []byte(text), TOML, WithLookupEnv(testEnv), WithTypes([]Type{{Name: "openai"}, {Name: "anthropic"}}))
	want := `f:2: providers.opnai: is not the name of a known type; did you mean openai? add type, one of anthropic, openai
f:5: providers.mine.type: is not a known type; did you mean openai? write one of anthropic, openai
f:7: providers.other: is not the name of a known type; add type, one of anthropic, openai`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestAProviderMayHaveWhateverItsTypeKnows(t *testing.T) {
	for name, text := range map[string]string{
		"a key":                      "[[providers.openai.keys]]\nvalue = \"k\"\n",
		"an address instead":         "[providers.openai.network_config]\nbase_url = \"http://h\"\n",
		"both":                       "[providers.openai]\nkeys = [{ value = \"k\" }]\nnetwork_config.base_url = \"env.HOST_URL\"\n",
		"no key where none is asked": "[providers.ollama]\n",
		"a key all the same":         "[[providers.ollama.keys]]\nvalue = \"k\"\n",
		"a simulation with keys that say which models it has": "[providers.mine]\ntype = \"simulated\"\n" +
			"keys = [{ value = \"k\", models = [\"m\"] }]\nsimulation.seed = 1\nnetwork_config.extra_headers = { X-Simulate = \"stall=2\" }\n",
	} {
		if _, err := Parse("f", []byte(text), TOML, WithLookupEnv(testEnv), WithTypes(testTypes)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsGivenIsReadAndWhatIsAbsentIsTheDefault(t *testing.T) {
	f := mustParse(t, `
initial_pool_size = 500
drop_excess_requests = true
[server]
listen = "[::1]:0"
shutdown_timeout = "1m30s"
[providers.b]
[providers.a]
drop_excess_requests = false
max_waiting = 7
keys = [{ value = "plain", weight = 2 }, { name = "second", value = "env.OPENAI_API_KEY", models = [] }]
network_config = { base_url = "env.HOST_URL", max_retries = 0, retry_backoff_initial = "10s", extra_headers = { X-Team = "env.OPENAI_API_KEY" } }
`)
	if f.Bifrost.InitialPoolSize != 500 || !f.Bifrost.DropExcessRequests || f.Account() != f.Bifrost.Account {
		t.Errorf("got %+v", f.Bifrost)
	}
	want := newServer().withDefaults()
	want.Listen, want.ShutdownTimeout = "[::1]:0", 90*time.Second
	if !reflect.DeepEqual(f.Server, want) {
		t.Errorf("got %+v, want %+v", f.Server, want)
	}
	if f.Providers[0].Name != "a" || f.Providers[1].Name != "b" {
		t.Errorf("got %v, want them sorted by name", f.Providers)
	}
	a := f.Providers[0]
	if n := a.Config.NetworkConfig; n.BaseURL != "http://10.0.0.1:8000" || n.RetryBackoffMax != 10*time.Second || n.ExtraHeaders["X-Team"] != "sk-secret-openai" {
		t.Errorf("got %+v", n)
	}
	if a.Config.Type != "a" || a.Config.MaxWaiting != 7 || *a.Config.DropExcessRequests {
		t.Errorf("got %+v", a.Config)
	}
	if k := a.Keys; k[0].Name != "key-1" || k[0].Weight != 2 || k[1].Name != "second" || k[1].Value != "sk-secret-openai" || k[1].Models != nil {
		t.Errorf("got %v", k)
	}
}

func TestAnAddressOfAnyKindIsAccepted(t *testing.T) {
	for _, a := range []string{":8080", "0.0.0.0:1", "localhost:65535", "[::1]:80", "[fe80::1%eth0]:80", "my-host.example:0"} {
		mustParse(t, "[providers.a]\n[server]\nallow_unauthenticated = true\nlisten = \""+a+"\"\n")
	}
	for _, u := range []string{"http://localhost", "https://h.example:443/openai/v1/", "http://[::1]:11434", "HTTPS://EXAMPLE"} {
		mustParse(t, "[providers.a.network_config]\nbase_url = \""+u+"\"\n")
	}
}

func TestWhatConfigAcceptsIsValidForInit(t *testing.T) {
	for _, text := range []string{readReference(t), everythingOn(readReference(t))} {
		f := mustParse(t, text)
		if err := f.Bifrost.Validate(); err != nil {
			t.Error(err)
		}
		for _, p := range f.Providers {
			if err := p.Config.Validate(); err != nil {
				t.Errorf("%v: %v", p, err)
			}
		}
	}
}
