package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckPrintsOkAndWhatWouldRunInShort(t *testing.T) {
	for _, args := range [][]string{{"check", reference}, {"check", "--config", reference}, {"check", reference, "--config", reference}} {
		got := execute(t, args...)
		if got.err != nil || got.stderr != "" || !strings.HasPrefix(got.stdout, "ok: "+reference+", digest ") ||
			!strings.Contains(got.stdout, "\n  simulated (simulated): no key, concurrency 10, buffer 100, ") || strings.Contains(got.stdout, "[providers") {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}

func TestTheSummarySaysWhoMayUseTheGatewayAndWhereItsPartsAre(t *testing.T) {
	const hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	got := execute(t, "check", file(t, `
[server]
listen = ":8080"
[admin]
listen = "off"
[clients.team-a]
keys = ["`+hash+`"]
[providers.ollama]
[models.fast]
targets = [{ model = "ollama/m" }]
[node]
listen = "127.0.0.1:0"
[providers.far]
node = "127.0.0.1:7600"
`))
	for _, want := range []string{"gateway: :8080, for team-a\n", "admin:   off\n", "node:    127.0.0.1:0\n", "\n  far: at 127.0.0.1:7600\n", "\nmodels: fast\n"} {
		if got.err != nil || !strings.Contains(got.stdout, want) {
			t.Errorf("%q is not in %+v", want, got)
		}
	}
}

func TestCheckPrintsTheWholeConfigurationWithoutSecretsWhenItIsAsked(t *testing.T) {
	t.Setenv("TEST_KEY", "sk-secret")
	path := file(t, "[providers.openai]\nkeys = [{ value = \"env.TEST_KEY\" }]\n")
	got := execute(t, "check", "--print", path)
	if got.err != nil || strings.Contains(got.stdout, "secret") || !strings.Contains(got.stdout, "value = \"****\"") || !strings.Contains(got.stdout, "[server]\n") {
		t.Fatalf("got %+v", got)
	}
	// With a key in place of the mask it is a configuration again.
	if again := execute(t, "check", file(t, got.stdout)); again.err != nil {
		t.Errorf("what was printed is refused: %+v", again)
	}
}

func TestCheckReadsTheFileOfThisFolderWhenNoneIsNamed(t *testing.T) {
	t.Chdir(filepath.Dir(file(t, "[providers.simulated]\n")))
	if got := execute(t, "check"); got.err != nil || !strings.HasPrefix(got.stdout, "ok: bifrost.toml, ") {
		t.Errorf("got %+v", got)
	}
}

func TestCheckPrintsFaultsAsJSONWithTheirFileLineAndKey(t *testing.T) {
	path := file(t, "initial_pool_size = 0\n[providers.simulated]\ntypo = \"<secret>\"\n")
	got := execute(t, "check", "--json", path)
	var v verdict
	if err := json.Unmarshal([]byte(got.stdout), &v); err != nil || got.err == nil || got.stderr != "" {
		t.Fatalf("%v: got %+v", err, got)
	}
	if v.OK || v.File != path || len(v.Faults) != 2 || v.Faults[0] != (faultView{path, 1, "initial_pool_size", "must be at least 1; leave it out for the default of 100"}) ||
		v.Faults[1].Line != 3 || v.Faults[1].Key != "providers.simulated.typo" || strings.Contains(got.stdout, "secret") {
		t.Errorf("got %+v", v)
	}
}

func TestCheckPrintsWhatOnlyAnAdapterKnowsAsJSON(t *testing.T) {
	path := file(t, "[providers.simulated]\n[node]\nlisten = \"127.0.0.1:0\"\n[node.tls]\ncert_file = \"c\"\nkey_file = \"k\"\nca_file = \"a\"\n")
	var v verdict
	got := execute(t, "check", "--json", path)
	if err := json.Unmarshal([]byte(got.stdout), &v); err != nil || v.OK || len(v.Faults) == 0 || got.err == nil {
		t.Errorf("%v: got %+v", err, got)
	}
	ok := execute(t, "check", "--json", reference)
	v = verdict{}
	if err := json.Unmarshal([]byte(ok.stdout), &v); err != nil || !v.OK || len(v.Digest) != 12 || v.Faults == nil || ok.err != nil {
		t.Errorf("%v: got %+v", err, ok)
	}
}
