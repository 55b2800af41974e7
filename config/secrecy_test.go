package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestNoFaultHasAnyPartOfAKeyHoweverTheFileIsBroken damages a good file around
// its secrets and looks for them in the faults. No damage makes a key of a
// secret ("=" after it): a key's name is shown, the long ones cut.
func TestNoFaultHasAnyPartOfAKeyHoweverTheFileIsBroken(t *testing.T) {
	const secret = "QQzzQQzz0123QQzz4567QQzz89QQ"
	files := map[Format]string{
		TOML: "[providers.a]\n[[providers.a.keys]]\nvalue = \"" + secret + "\"\n" +
			"[providers.a.network_config]\nproxy = \"http://me:" + secret + "@proxy.example\"\nextra_headers = { X-Team = \"" + secret + "\" }\n" +
			"[node]\nlisten = \"127.0.0.1:0\"\n[node.etcd]\nendpoints = [\"e:1\"]\nusername = \"u\"\npassword = \"" + secret + "\"\n" +
			"[node.gossip]\nkey = \"" + secret + "QQzzQQzzQQzzQQz=\"\n" +
			"[admin]\ntoken = \"" + secret + "\"\n[clients.c]\nkeys = [\"" + secret + "\", \"sha256:" + secret + "\"]\n" +
			"[tracing]\nendpoint = \"http://h\"\nheaders = { A = \"" + secret + "\" }\n",
		JSON: "{\"providers\": {\"a\": {\"keys\": [\n{\"value\": \"" + secret + "\"}],\n" +
			"\"network_config\": {\"proxy\": \"http://me:" + secret + "@proxy.example\",\n\"extra_headers\": {\"X-Team\": \"" + secret + "\"}}}},\n" +
			"\"admin\": {\"token\": \"" + secret + "\"}, \"clients\": {\"c\": {\"keys\": [\n\"" + secret + "\"]}}}\n",
	}
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]Format{TOML, JSON}).Draw(t, "format")
		text := []byte(files[format])
		for range rapid.IntRange(1, 4).Draw(t, "damages") {
			i := rapid.IntRange(0, len(text)-1).Draw(t, "offset")
			part := rapid.SampledFrom([]string{"", "\"", "\n", "\\", " ", "{", "]", ",", "'", "9", "\x01", "#", "\"\"\""}).Draw(t, "damage")
			cut := min(i+rapid.IntRange(0, 2).Draw(t, "cut"), len(text))
			text = []byte(string(text[:i]) + part + string(text[cut:]))
		}
		_, err := Parse("f", text, format, WithLookupEnv(testEnv))
		if err == nil {
			return
		}
		for i := 0; i+12 <= len(secret); i++ {
			if strings.Contains(err.Error(), secret[i:i+12]) {
				t.Fatalf("%v\nhas part of the key in\n%s", err, text)
			}
		}
	})
}
