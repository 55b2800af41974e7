package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mistake is a file with one mistake, and where the program says it is.
type mistake struct{ text, where string }

// secret is what the environment has for the references of the mistakes.
const secret = "sk-neverShown0123456789"

var mistakesInTOML = map[string]mistake{
	"quotes that do not end":  {"[providers.openai]\nkeys = [{ value = \"k }]\n", "2: providers.openai.keys[0].value: "},
	"a key at another level":  {"[providers.ollama]\n\nvalue = \"k\"\n", "3: providers.ollama.value: "},
	"keys as a table":         {"[providers.openai.keys]\nvalue = \"k\"\n", "1: providers.openai.keys: "},
	"a misspelt table":        {"[providers.simulated]\n[provider.ollama]\n", "2: provider: "},
	"a duration without unit": {"[providers.simulated.network_config]\ntotal_timeout = 30\n", "2: providers.simulated.network_config.total_timeout: "},
	"a size of zero":          {"[providers.simulated.concurrency_and_buffer_size]\nbuffer_size = 0\n", "2: providers.simulated.concurrency_and_buffer_size.buffer_size: "},
	"a table twice":           {"[providers.simulated]\n[providers.simulated]\n", "2: providers.simulated: "},
	"an address in the wrong form": {"[providers.openai.network_config]\n\nbase_url = \"env.URL_WITH_SECRET\"\n",
		"3: providers.openai.network_config.base_url: "},
	"a key with a line end":     {"[[providers.openai.keys]]\nvalue = \"env.SECRET_WITH_LINE_END\"\n", "2: providers.openai.keys[0].value: "},
	"a header with a line end":  {"[providers.ollama.network_config.extra_headers]\nX-A = \"env.SECRET_WITH_LINE_END\"\n", "2: providers.ollama.network_config.extra_headers.X-A: "},
	"a variable that is absent": {"[[providers.openai.keys]]\nvalue = \"env.NOT_SET_ANYWHERE\"\n", "2: providers.openai.keys[0].value: "},
	"no key":                    {"[providers.simulated]\n[providers.openai]\n", "2: providers.openai.keys: "},
}

var mistakesInJSON = map[string]mistake{
	"brackets that do not end":   {`{"providers": {"openai": {"keys": [{"value": "k"}]`, "1: providers.openai.keys: "},
	"a key at another level":     {"{\"providers\": {\"ollama\": {\n\"value\": \"k\"}}}", "2: providers.ollama.value: "},
	"keys as an object":          {"{\"providers\": {\"openai\": {\n\"keys\": {\"value\": \"k\"}}}}", "2: providers.openai.keys: "},
	"a name in camel case":       {"{\"initialPoolSize\": 5, \"providers\": {\"simulated\": {}}}", "1: initialPoolSize: "},
	"a duration without unit":    {"{\"providers\": {\"simulated\": {\"network_config\": {\n\"total_timeout\": 30}}}}", "2: providers.simulated.network_config.total_timeout: "},
	"a comma that is missing":    {"{\"providers\": {\"simulated\": {\n\"max_waiting\": 5\n\"type\": \"simulated\"}}}", "3: providers.simulated.max_waiting: "},
	"a provider twice":           {"{\"providers\": {\"simulated\": {},\n\"simulated\": {}}}", "2: providers.simulated: "},
	"an address of another kind": {"{\"providers\": {\"openai\": {\"network_config\": {\n\"base_url\": \"env.URL_WITH_SECRET\"}}}}", "2: providers.openai.network_config.base_url: "},
	"a header of the connection": {"{\"providers\": {\"ollama\": {\"network_config\": {\"extra_headers\": {\n\"Host\": \"env.SECRET\"}}}}}",
		"2: providers.ollama.network_config.extra_headers.Host: "},
	"a variable that is absent": {"{\"providers\": {\"openai\": {\"keys\": [\n{\"value\": \"env.NOT_SET_ANYWHERE\"}]}}}", "2: providers.openai.keys[0].value: "},
	"null":                      {"{\"providers\": {\n\"openai\": null}}", "2: providers.openai: "},
	"no key":                    {"{\"providers\": {\n\"openai\": {}}}", "2: providers.openai.keys: "},
}

func TestTheBinaryNamesFileLineAndKeyOfEachMistakeAndNeverASecret(t *testing.T) {
	binary := buildBinary(t)
	for name, mistakes := range map[string]map[string]mistake{"bifrost.toml": mistakesInTOML, "bifrost.json": mistakesInJSON} {
		path := filepath.Join(t.TempDir(), name)
		for what, m := range mistakes {
			if err := os.WriteFile(path, []byte(m.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"check", path}, {"serve", "--config", path, "--listen", "127.0.0.1:0"}} {
				ctx, cancel := context.WithTimeout(t.Context(), patience) // serve would go on
				c := exec.CommandContext(ctx, binary, args...)
				c.Env = append(os.Environ(), "SECRET="+secret, "SECRET_WITH_LINE_END="+secret+"\n", "URL_WITH_SECRET=http://joe:"+secret+"@h")
				out, err := c.CombinedOutput()
				cancel()
				if err == nil || c.ProcessState.ExitCode() != 1 || strings.Contains(string(out), secret) || strings.Count(string(out), "\n") != 1 {
					t.Errorf("%s: %s: %s: %v\n%s", name, what, args[0], err, out)
				}
				if want := path + ":" + m.where; !strings.HasPrefix(string(out), want) {
					t.Errorf("%s: %s: %s: got %s, want %s", name, what, args[0], out, want)
				}
			}
		}
	}
}
