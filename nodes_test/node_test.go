//go:build linux

package nodes_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// node is a process that runs "bifrost serve".
type node struct {
	*process
	gateway string       // host:port
	client  *http.Client // reaches the gateway from its own place
	file    string       // the configuration file
}

// serve starts a node with the text of its configuration file and waits until it is
// ready. Its gateway listens on the port; all other addresses are those of the text.
func serve(t *testing.T, where place, name string, port int, text string) *node {
	t.Helper()
	n := serveUnready(t, program{at: where, name: name}, port, text)
	n.awaitReady(t)
	return n
}

// serveUnready is serve for a node that may not become ready. The program's argv is
// filled in.
func serveUnready(t *testing.T, p program, port int, text string) *node {
	t.Helper()
	n := &node{gateway: at(p.at, port), client: clientIn(t, p.at), file: filepath.Join(t.TempDir(), "bifrost.toml")}
	n.configure(t, text)
	p.argv = []string{bifrostBinary(t), "serve", "--config", n.file, "--listen", n.gateway}
	n.process = launch(t, p)
	return n
}

// trusting lets the gateway be reached without keys, in networks of the tests' own, and
// has it read its file at a restart only.
const trusting = "\n[server]\nallow_unauthenticated = true\nwatch = false\n"

// configure replaces the configuration file. A restart reads it.
func (n *node) configure(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(n.file, []byte(text+trusting), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (n *node) url(path string) string { return "http://" + n.gateway + path }

// awaitReady waits until the gateway admits requests. The test fails at once if the
// process ends before.
func (n *node) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, n.name+" is ready", func() bool {
		if !n.running() {
			t.Fatalf("%s has ended before it was ready: %v\n%s", n.name, n.result, n.log)
		}
		return n.ready()
	})
}

func (n *node) ready() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	got, err := n.get(ctx, "/healthz")
	return err == nil && got.status == http.StatusOK
}
