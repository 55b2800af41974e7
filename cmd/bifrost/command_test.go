package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const reference = "../../bifrost.toml"

// outcome is what a command printed and returned.
type outcome struct {
	stdout, stderr string
	err            error
}

func execute(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), args, &stdout, &stderr)
	return outcome{stdout.String(), stderr.String(), err}
}

// file writes a configuration file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bifrost.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestVersionPrintsTheProgramsAndGosVersion(t *testing.T) {
	got := execute(t, "version")
	if got.err != nil || !strings.HasPrefix(got.stdout, "bifrost ") || !strings.Contains(got.stdout, " go1.") || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestABadFileIsRefusedWithItsLineByCheckAndByServe has the rows of bad input that
// are about a file.
func TestABadFileIsRefusedWithItsLineByCheckAndByServe(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // a line of the error output each
	}{
		"broken TOML":        {"[providers.simulated\n", []string{"bifrost.toml:1: "}},
		"a missing variable": {"[providers.openai]\nkeys = [{ value = \"env.NOT_SET_ANYWHERE\" }]\n", []string{"bifrost.toml:2: providers.openai.keys[0].value: "}},
		"a buffer of zero":   {"[providers.simulated.concurrency_and_buffer_size]\nbuffer_size = 0\n", []string{"bifrost.toml:2: providers.simulated.concurrency_and_buffer_size.buffer_size: "}},
		"an unknown key":     {"[providers.simulated]\ntypo = 1\n", []string{"bifrost.toml:2: providers.simulated.typo: "}},
		"an unknown type":    {"[providers.mine]\ntype = \"nothing\"\n", []string{"bifrost.toml:2: providers.mine.type: "}},
		"two faults":         {"initial_pool_size = 0\nnothing = 1\n[providers.simulated]\n", []string{"bifrost.toml:1: initial_pool_size: ", "bifrost.toml:2: nothing: "}},
		"no provider":        {"", []string{"bifrost.toml:1: providers: "}},
		"a missing key":      {"[providers.simulated]\n[providers.groq]\n", []string{"bifrost.toml:2: providers.groq.keys: is missing"}},
		"a fixed header": {"[providers.simulated]\nnetwork_config.extra_headers = { Host = \"h\" }\n",
			[]string{"bifrost.toml:2: providers.simulated.network_config.extra_headers.Host: "}},
		"an address of the simulated one": {"[providers.simulated.network_config]\nbase_url = \"http://h\"\n",
			[]string{"bifrost.toml:2: providers.simulated.network_config.base_url: "}},
		"a simulation of another": {"[providers.ollama]\n[providers.ollama.simulation]\n", []string{"bifrost.toml:2: providers.ollama.simulation: "}},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, c.text)
			for _, args := range [][]string{{"check", path}, {"serve", "--config", path, "--listen", "127.0.0.1:0"}} {
				got := execute(t, args...)
				lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
				if got.err == nil || got.stdout != "" || len(lines) < len(c.want) {
					t.Fatalf("%v: got %+v", args, got)
				}
				lines = lines[len(lines)-len(c.want):] // serve's log comes before
				for i, want := range c.want {
					if !strings.HasPrefix(lines[i], filepath.Dir(path)+"/"+want) {
						t.Errorf("%v: line %d is %q, want %q", args, i, lines[i], want)
					}
				}
			}
		})
	}
}

func TestAMissingFileIsNamedWithTheWayToGetOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bifrost.toml")
	for _, args := range [][]string{{"serve", "--config", path}, {"check", path}} {
		got := execute(t, args...)
		if !errors.Is(got.err, fs.ErrNotExist) || !strings.Contains(got.stderr, path+": does not exist") || !strings.Contains(got.stderr, "\nto make one: bifrost init --config ") {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}

func TestABusyPortIsNamedWithTheWayOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, args := range [][]string{{"serve", "--config", reference}, {"simulate"}} {
		got := execute(t, append(args, "--listen", l.Addr().String())...)
		if got.err == nil || got.stdout != "" || !strings.Contains(got.stderr, l.Addr().String()+" is in use") || !strings.Contains(got.stderr, "--listen") {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}

func TestAWrongCommandLineIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"nothing"}, {"serve", "x"}, {"serve", "--typo"}, {"check", "a", "b"}, {"check", "a", "--config", "b"}, {"version", "x"},
		{"check", "--print", "--json"}, {"init", "nothing"}, {"init", "--config", "bifrost.json"}, {"init", "--config", "no/such/folder/bifrost.toml"},
		{"keys", "nothing"}, {"keys", "new"}, {"keys", "new", "a/b"}, {"keys", "new", "a", "b"}, {"keys", "hash", "secret"}, {"schema", "x"}, {"man"},
		{"man", "/dev/null/x"},
		{"simulate", "--error-rate", "2"}, {"simulate", "--latency", "-1s"}, {"simulate", "--latency", "5"},
		{"simulate", "--outage", "flood"},
		{"serve", "--config", reference, "--listen", "nowhere"},
	} {
		if got := execute(t, args...); got.err == nil || strings.TrimSpace(got.stderr) == "" || got.stdout != "" {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	got := execute(t)
	for _, name := range []string{"serve", "demo", "simulate", "check", "version", "init", "keys", "schema", "man", "completion"} {
		if got.err != nil || !strings.Contains(got.stdout, "\n  "+name) {
			t.Errorf("%s is not in %+v", name, got)
		}
	}
}

// running is a command that runs until it is told to stop.
type running struct {
	stdout, stderr *console
	stop           context.CancelFunc
	ended          chan error
}

// begin starts a command in this process. It is stopped when the test ends.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{newConsole(), newConsole(), cancel, make(chan error, 1)}
	done := make(chan struct{})
	go func() { // ends when the command has stopped
		defer close(done)
		r.ended <- run(ctx, args, r.stdout, r.stderr)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return r
}
