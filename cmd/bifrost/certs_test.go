package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"bifrost/remote/certs"
)

// TestCertsMakesAnAuthorityAndNodesAndPrintsTheirConfiguration follows what is
// printed to the letter.
func TestCertsMakesAnAuthorityAndNodesAndPrintsTheirConfiguration(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `my "own" certs`)
	got := execute(t, "certs", "ca", "--dir", dir, "--days", "100", "--name", "ours")
	if got.err != nil || got.stderr != "" || !strings.Contains(got.stdout, "--dir '"+dir+"' --host") {
		t.Fatalf("got %+v", got)
	}
	for _, args := range [][]string{
		{"--host", "node-a,10.0.0.2", "--days", "90"},
		{"--host", "10.0.0.2", "--host", "node-a", "--name", "other", "--days", "90"},
	} {
		got := execute(t, append([]string{"certs", "node", "--dir", dir}, args...)...)
		if got.err != nil || got.stderr != "" || !strings.Contains(got.stdout, "of node-a, 10.0.0.2, until ") {
			t.Fatalf("got %+v", got)
		}
		identity, err := certs.Load(printedFiles(t, got.stdout), func(n certs.Notice) { t.Errorf("got notice %v", n) })
		if err != nil {
			t.Fatal(err)
		}
		if left, end := time.Until(identity.NotAfter()), identity.NotAfter().UTC().Format(time.DateOnly); left.Round(day) != 90*day || !strings.Contains(got.stdout, "until "+end) {
			t.Errorf("it ends after %v, on %s, and printed was\n%s", left, end, got.stdout)
		}
		if err := errors.Join(identity.CheckHost("node-a"), identity.CheckHost("10.0.0.2")); err != nil {
			t.Error(err)
		}
	}
}

// printedFiles reads the part of an output that is for bifrost.toml.
func printedFiles(t *testing.T, text string) certs.Files {
	t.Helper()
	_, text, _ = strings.Cut(text, "bifrost.toml:\n")
	var file struct {
		Node struct {
			TLS map[string]string `toml:"tls"`
		} `toml:"node"`
	}
	if _, err := toml.Decode(text, &file); err != nil || len(file.Node.TLS) != 3 {
		t.Fatalf("got %v of\n%s", err, text)
	}
	return certs.Files{CertFile: file.Node.TLS["cert_file"], KeyFile: file.Node.TLS["key_file"], CAFile: file.Node.TLS["ca_file"]}
}

func TestCertsAreReplacedOnlyIfThatIsAskedFor(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"certs", "ca"}, {"certs", "node", "--host", "a"}} {
		if got := execute(t, args...); got.err != nil {
			t.Fatalf("%v: got %+v", args, got)
		}
		got := execute(t, args...)
		if !errors.Is(got.err, fs.ErrExist) || got.stdout != "" || !strings.Contains(got.stderr, "--overwrite") {
			t.Errorf("%v: got %+v", args, got)
		}
		if got := execute(t, append(args, "--overwrite")...); got.err != nil {
			t.Errorf("%v: got %+v", args, got)
		}
	}
	for name, want := range map[string]fs.FileMode{"ca-key.pem": 0o600, "a-key.pem": 0o600} {
		if info, err := os.Stat(filepath.Join("certs", name)); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v", name, info, err)
		}
	}
}

func TestAWrongCommandLineOfCertsIsRefusedWithWhatToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	for line, want := range map[string]string{
		"certs nothing":                           "unknown command",
		"certs ca x":                              "unknown command",
		"certs ca --days 0":                       "from 1 to 36500",
		"certs ca --days 36501":                   "from 1 to 36500",
		"certs ca --days x":                       "--days",
		"certs node":                              "--host node-a",
		"certs node --host a":                     "bifrost certs ca",
		"certs node --host a --days -1":           "from 1 to 36500",
		"certs node --host a:7600":                "without ports",
		"certs node --host a,":                    "is empty",
		"certs node --host ::1":                   "--name",
		"certs node --host a --name ../a":         "--name",
		"certs node --host a --dir no/such/place": "no/such/place",
	} {
		got := execute(t, strings.Fields(line)...)
		if got.err == nil || got.stdout != "" || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: got %+v, want %q", line, got, want)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestCertsAloneShowsItsCommands(t *testing.T) {
	if got := execute(t, "certs"); got.err != nil || !strings.Contains(got.stdout, "\n  ca ") || !strings.Contains(got.stdout, "\n  node ") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t); !strings.Contains(got.stdout, "\n  certs ") {
		t.Errorf("got %+v", got)
	}
}

func TestCheckRefusesACertificateThatDoesNotNameTheHostOfItsNode(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"certs", "ca", "--dir", dir}, {"certs", "node", "--dir", dir, "--name", "n", "--host", "node-a"}} {
		if got := execute(t, args...); got.err != nil {
			t.Fatalf("got %+v", got)
		}
	}
	for host, want := range map[string]string{"node-a": "", "node-b": `names "node-a" and not "node-b"`} {
		path := filepath.Join(dir, host+".toml")
		text := fmt.Sprintf("[node]\nlisten = \":7600\"\nadvertise = \"%s:7600\"\n[node.tls]\ncert_file = %q\nkey_file = %q\nca_file = %q\n[providers.simulated]\n",
			host, filepath.Join(dir, "n.pem"), filepath.Join(dir, "n-key.pem"), filepath.Join(dir, "ca.pem"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := execute(t, "check", path)
		if (got.err == nil) != (want == "") || got.err != nil && !strings.Contains(got.err.Error(), want) {
			t.Errorf("%s: got %v, want %q", host, got.err, want)
		}
	}
}
