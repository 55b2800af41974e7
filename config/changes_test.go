package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bifrost/schemas"
)

func changed(t *testing.T, before, after string) []string {
	t.Helper()
	old, now := mustParse(t, before), mustParse(t, after)
	var out []string
	for _, c := range now.Changes(old) {
		restart := ""
		if c.Restart {
			restart = " restart"
		}
		out = append(out, fmt.Sprintf("%d %s: %s -> %s%s", c.Line, c.Key, c.Old, c.New, restart))
	}
	return out
}

func TestChangesNameEachKeyThatDiffersWithItsLine(t *testing.T) {
	const hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for name, c := range map[string]struct {
		before, after string
		want          []string
	}{
		"nothing": {"[providers.a]", "# a comment\n[providers.a]\ntype = \"a\"\n[server]\nlisten = \"127.0.0.1:8080\"", nil},
		"a size": {"[providers.a]", "[providers.a.concurrency_and_buffer_size]\nbuffer_size = 7",
			[]string{"2 providers.a.concurrency_and_buffer_size.buffer_size: 100 -> 7"}},
		"a size back to its default": {"[providers.a.concurrency_and_buffer_size]\nbuffer_size = 7", "[providers.a]",
			[]string{"0 providers.a.concurrency_and_buffer_size.buffer_size: 7 -> 100"}},
		"a duration": {"[providers.a]", "[providers.a]\nqueue_timeout = \"90s\"", []string{`2 providers.a.queue_timeout:  -> "1m30s"`}},
		"a list":     {"[providers.a]\nfallbacks = [\"a/b\"]", "[providers.a]", []string{`0 providers.a.fallbacks: ["a/b"] -> `}},
		"a provider that is new": {"[providers.a]", "[providers.a]\n[providers.b]",
			[]string{"2 providers.b:  -> {…}"}},
		"a provider that is gone": {"[providers.a]\n[providers.\"b.c\"]", "[providers.a]",
			[]string{`0 providers."b.c": {…} -> `}},
		"a client that is new": {"[providers.a]", "[providers.a]\n[clients.b]\nkeys = [\"" + hash + "\"]", []string{"2 clients.b:  -> {…}"}},
		"a client's key": {"[providers.a]\n[clients.b]\nkeys = [\"" + hash + "\"]", "[providers.a]\n[clients.b]\nkeys = [\"" + hash[:70] + "1\"]",
			[]string{`3 clients.b.keys: ["****"] -> ["**** (changed)"]`}},
		"a provider's key": {"[providers.a]\nkeys = [{ value = \"secret-1\" }]", "[providers.a]\n\nkeys = [{ value = \"secret-2\" }]",
			[]string{`3 providers.a.keys[key-1].value: "****" -> "**** (changed)"`}},
		"a key of another name": {"[providers.a]\nkeys = [{ name = \"k\", value = \"secret\" }]", "[providers.a]\nkeys = [{ name = \"l\", value = \"secret\" }]",
			[]string{"2 providers.a.keys[l]:  -> {…}", "0 providers.a.keys[k]: {…} -> "}},
		"the order of keys": {"[providers.a]\nkeys = [{ name = \"k\", value = \"s\" }, { name = \"l\", value = \"t\" }]",
			"[providers.a]\nkeys = [{ name = \"l\", value = \"t\" }, { name = \"k\", value = \"s\" }]", nil},
		"a header": {"[providers.a.network_config.extra_headers]\nX = \"secret\"", "[providers.a.network_config.extra_headers]\nX = \"secret-2\"",
			[]string{`2 providers.a.network_config.extra_headers.X: "****" -> "**** (changed)"`}},
		"the password of a proxy": {"[providers.a.network_config]\nproxy = \"http://u:secret@h\"", "[providers.a.network_config]\nproxy = \"http://u:secret2@h\"",
			[]string{`2 providers.a.network_config.proxy: "http://****@h" -> "http://**** (changed)@h"`}},
		"a target": {"[providers.a]\n[models.m]\ntargets = [{ model = \"a/b\" }]", "[providers.a]\n[models.m]\ntargets = [{ model = \"a/c\" }]",
			[]string{`3 models.m.targets[0].model: "a/b" -> "a/c"`}},
		"what needs a restart": {"[providers.a]", "initial_pool_size = 5\n[server]\nlisten = \"127.0.0.1:1\"\n[server.tls]\ncert_file = \"c\"\nkey_file = \"k\"\n[providers.a]",
			[]string{"1 initial_pool_size: 100 -> 5 restart", `3 server.listen: "127.0.0.1:8080" -> "127.0.0.1:1" restart`, "4 server.tls:  -> {…} restart"}},
		"the files of TLS": {"[providers.a]\n[server.tls]\ncert_file = \"c\"\nkey_file = \"k\"", "[providers.a]\n[server.tls]\ncert_file = \"d\"\nkey_file = \"k\"",
			[]string{`3 server.tls.cert_file: "c" -> "d"`}},
		"a provider that moves": {"[providers.a]\n[providers.b]", "[providers.a]\n[providers.b]\nnode = \"127.0.0.1:5\"", []string{"restart"}},
		"a provider on another node": {"[providers.a]\n[node]\nlisten = \"127.0.0.1:1\"\npeers = [\"127.0.0.1:5\"]",
			"[providers.a]\n[providers.b]\nnode = \"127.0.0.1:5\"\n[node]\nlisten = \"127.0.0.1:1\"\npeers = [\"127.0.0.1:5\"]",
			[]string{"0 providers.b.fallback_on:  -> " + strings.ReplaceAll(quotedList(kindNames(schemas.DefaultFallbackOn())), ", ", ",") + " restart",
				"0 providers.b.move_waiting:  -> false restart", `3 providers.b.node:  -> ["127.0.0.1:5"] restart`}},
	} {
		got := changed(t, c.before, c.after)
		if name == "a provider that moves" {
			if len(got) == 0 || slices.ContainsFunc(got, func(s string) bool { return !strings.HasSuffix(s, " restart") }) {
				t.Errorf("%s: got %q, want a restart for all", name, got)
			}
			continue
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

func TestNoChangeHasASecret(t *testing.T) {
	full := mustParse(t, everythingOn(readReference(t)))
	again := mustParse(t, everythingOn(readReference(t)), WithLookupEnv(func(name string) (string, bool) {
		v, ok := testEnv(name)
		switch {
		case name == "BIFROST_GOSSIP_KEY":
			return strings.Replace(v, "s", "S", 1), ok
		case strings.Contains(v, "secret"):
			return v + "-2", ok
		}
		return v, ok
	}))
	changes := again.Changes(full)
	for _, c := range changes {
		if strings.Contains(c.Old+c.New, "secret") || strings.Contains(c.New, "**") && !strings.Contains(c.New, changedMask) {
			t.Errorf("got %+v", c)
		}
	}
	if len(changes) < 10 {
		t.Errorf("got only %d changes", len(changes))
	}
}

func TestAFileDoesNotDifferFromItselfAndChangesAreSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parse := func() *File {
			f, err := Parse("f", []byte(drawFile(t)), TOML, WithLookupEnv(testEnv))
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		a, b := parse(), parse()
		if c := a.Changes(a); len(c) > 0 {
			t.Fatalf("got %+v", c)
		}
		there, back := b.Changes(a), a.Changes(b)
		if len(there) != len(back) {
			t.Fatalf("got %d changes and %d back", len(there), len(back))
		}
		if a.Digest() != b.Digest() && len(there) == 0 {
			t.Fatal("the digests differ, and nothing else does")
		}
	})
}

func TestTheDigestIsOfWhatIsResolvedWithoutSecrets(t *testing.T) {
	digest := func(text string) string { return mustParse(t, text).Digest() }
	one := digest("[providers.a]\nkeys = [{ value = \"one\" }]")
	if len(one) != 12 || one != digest("# again\n[providers.a]\ntype = \"a\"\nkeys = [{ value = \"two\" }]") {
		t.Errorf("got %q, and another one for the same with another key", one)
	}
	if one == digest("[providers.a]\nkeys = [{ value = \"one\", weight = 2 }]") {
		t.Error("another weight has the same digest")
	}
}

func TestTheFixedKeysAreInTheDocumentation(t *testing.T) {
	data, err := os.ReadFile("../docs/configuration.md")
	if want := "\n`" + strings.Join(Fixed(), "`, `") + "`,\n"; err != nil || !strings.Contains(string(data), want) {
		t.Errorf("docs/configuration.md does not have %s (%v)", want, err)
	}
}

func TestTheFixedKeysAreKeys(t *testing.T) {
	paths := fileSection.layout().paths()
	for _, f := range Fixed() {
		if !NeedsRestart(f) || !slices.ContainsFunc(paths, func(p string) bool { return p == f || strings.HasPrefix(p, f+".") }) {
			t.Errorf("%s is no key, or needs no restart", f)
		}
	}
	for key, want := range map[string]bool{
		"server": false, "server.tls": true, "server.tls.cert_file": false, "node": true, "node.gossip.key": true, "nodes": false,
		"providers.a.node": true, "providers.a": false, `providers."a.b".node`: true, "tracing.endpoint": true, "access_log.sample": false,
	} {
		if NeedsRestart(key) != want {
			t.Errorf("%s: got %v", key, !want)
		}
	}
}
