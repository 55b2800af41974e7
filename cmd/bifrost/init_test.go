package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bifrost/cmd/bifrost/internal/starter"
	"bifrost/providers"
)

// withoutKeys takes every variable out of the environment that init looks for.
func withoutKeys(t *testing.T) {
	t.Helper()
	for _, v := range starter.Variables() {
		t.Setenv(v, "") // which is put back when the test ends
	}
}

func TestInitWritesAFileThatPassesCheckForEachProvider(t *testing.T) {
	withoutKeys(t)
	for _, v := range starter.Variables() {
		t.Setenv(v, "secret0123")
	}
	t.Setenv("AZURE_OPENAI_ENDPOINT", "https://my-resource.openai.azure.com")
	known := providers.Types()
	for _, name := range append([]string{""}, starter.Names()...) {
		path := filepath.Join(t.TempDir(), "bifrost.toml")
		args := strings.Fields("init --config " + path + " " + name)
		got := execute(t, args...)
		text, err := os.ReadFile(path)
		if got.err != nil || err != nil || strings.Contains(got.stdout, "secret") || strings.Contains(string(text), "= \"secret") {
			t.Errorf("%v: got %+v, %v\n%s", args, got, err, text)
		}
		if check := execute(t, "check", path); check.err != nil {
			t.Errorf("%v: %v\n%s", args, check.err, text)
		}
		if name == "" && !strings.Contains(string(text), "[providers.openai]") {
			t.Errorf("what is in the environment is not in\n%s", text)
		}
	}
	for _, typ := range known {
		if !strings.Contains(" "+strings.Join(starter.Names(), " ")+" ", " "+typ+" ") {
			t.Errorf("init does not know %s", typ)
		}
	}
}

func TestInitTakesTheSimulatedProviderWhereNoKeyIs(t *testing.T) {
	withoutKeys(t)
	t.Chdir(t.TempDir())
	got := execute(t, "init")
	if got.err != nil || !strings.Contains(got.stdout, "simulated: it needs no key") || !strings.Contains(got.stdout, "\n  bifrost check\n  bifrost serve\n") {
		t.Errorf("got %+v", got)
	}
	if check := execute(t, "check"); check.err != nil || !strings.Contains(check.stdout, "simulated") {
		t.Errorf("got %+v", check)
	}
}

func TestInitNamesTheVariablesThatAreToBeExported(t *testing.T) {
	withoutKeys(t)
	t.Chdir(t.TempDir())
	got := execute(t, "init", "azure", "ollama")
	if got.err != nil || !strings.Contains(got.stdout, "azure: export AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT first") || !strings.Contains(got.stdout, "ollama: it needs no key") {
		t.Errorf("got %+v", got)
	}
}

func TestInitReplacesNoFileUnlessItIsForced(t *testing.T) {
	withoutKeys(t)
	path := file(t, "mine")
	if got := execute(t, "init", "--config", path); got.err == nil || got.stdout != "" || !strings.Contains(got.stderr, path+" is there already") || !strings.Contains(got.stderr, "--force") {
		t.Errorf("got %+v", got)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file has become %q", text)
	}
	if got := execute(t, "init", "--config", path, "--force"); got.err != nil {
		t.Errorf("got %+v", got)
	}
	if check := execute(t, "check", path); check.err != nil {
		t.Error(check.err)
	}
}

func TestInitWritesToTheOutputAndNoFileWhenItIsAsked(t *testing.T) {
	withoutKeys(t)
	t.Setenv("OPENAI_API_KEY", "sk-secret")
	t.Chdir(t.TempDir())
	got := execute(t, "init", "--stdout")
	left, err := os.ReadDir(".")
	if got.err != nil || err != nil || len(left) > 0 || !strings.Contains(got.stdout, `value = "env.OPENAI_API_KEY"`) || strings.Contains(got.stdout, "secret") {
		t.Errorf("got %+v, %v", got, left)
	}
}
