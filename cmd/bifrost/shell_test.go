package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheSchemaIsThatOfTheDocumentation(t *testing.T) {
	got := execute(t, "schema")
	want, err := os.ReadFile("../../docs/bifrost.schema.json")
	if got.err != nil || err != nil || got.stdout != string(want) || !json.Valid([]byte(got.stdout)) {
		t.Errorf("the schema is not that of docs/bifrost.schema.json (%v, %v); run make generate", got.err, err)
	}
}

func TestAManualPageIsWrittenForEachCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	if got := execute(t, "man", dir); got.err != nil {
		t.Fatal(got.err)
	}
	for _, name := range []string{"bifrost", "bifrost-serve", "bifrost-check", "bifrost-init", "bifrost-keys-new", "bifrost-certs-ca", "bifrost-completion-bash"} {
		text, err := os.ReadFile(filepath.Join(dir, name+".1"))
		if err != nil || !strings.HasPrefix(strings.TrimPrefix(string(text), ".nh\n"), `.TH "`+strings.ToUpper(name)+`" "1"`) {
			t.Errorf("%s: %v\n%.80s", name, err, text)
		}
	}
}

func TestEveryShellGetsAScript(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		got := execute(t, "completion", shell)
		if got.err != nil || !strings.Contains(got.stdout, "__complete") {
			t.Errorf("%s: got %v and %d bytes", shell, got.err, len(got.stdout))
		}
		if shell == "bash" {
			if out, err := exec.CommandContext(t.Context(), "bash", "-n", write(t, got.stdout)).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShellsCompleteCommandsFilesAndProviders(t *testing.T) {
	for line, want := range map[string]string{
		"ch":               "check\t",
		"keys ":            "new\t",
		"init op":          "openai\nopenrouter\n",
		"check ":           "toml\njson\njsonc\n:8\n",
		"serve --config ":  "toml\njson\njsonc\n:8\n",
		"check a.toml ":    ":4\n",
		"completion ":      "bash\t",
		"check --pri":      "--print\t",
		"certs node --dir": "--dir\t",
	} {
		args := strings.Split(line, " ")
		got := execute(t, append([]string{"__complete"}, args...)...)
		if got.err != nil || !strings.Contains(got.stdout, want) {
			t.Errorf("%q: got %+v, want %q", line, got, want)
		}
	}
}

func TestShellsCompleteTheProvidersOfAConfigurationWithoutItsVariables(t *testing.T) {
	t.Chdir(filepath.Dir(file(t, "[providers.openai]\nkeys = [{ value = \"env.NOT_SET_ANYWHERE\" }]\n[providers.b]\n[providers.far]\nnode = \"127.0.0.1:1\"\n")))
	names, _ := providerArgument(newCheckCommand(), nil, "")
	if got := strings.Join(names, " "); got != "b far openai" {
		t.Errorf("got %q", got)
	}
	if more, _ := providerArgument(newCheckCommand(), []string{"openai"}, ""); len(more) > 0 {
		t.Errorf("got %q after the first", more)
	}
}
