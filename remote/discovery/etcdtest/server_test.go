// Package etcdtest has the tests of remote/discovery/etcd against a real etcd, in a
// module of its own: they need the command etcd (Debian: etcd-server).
package etcdtest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"bifrost/internal/porttest"
)

// patience is how long a test waits for what should come within a few seconds.
const patience = 40 * time.Second

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("etcd"); err != nil {
		fmt.Println("these tests need etcd; install it (Debian: etcd-server)")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A server is an etcd of one member on loopback, which can be stopped and started
// again on its ports.
type server struct {
	t            *testing.T
	client, peer string // addresses
	dir          string
	cmd          *exec.Cmd
	output       *bytes.Buffer
}

// startServer starts an etcd and ends it with the test.
func startServer(t *testing.T) *server {
	t.Helper()
	addresses := porttest.FreeAddresses(t, 2)
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), client: addresses[0], peer: addresses[1]}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.launch()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !healthy(s.client) {
		if time.Now().After(deadline) {
			s.t.Fatalf("etcd does not start:\n%s", s.output)
		}
		<-tick.C
	}
}

// launch does not wait until it answers.
func (s *server) launch() {
	s.t.Helper()
	s.output = &bytes.Buffer{}
	s.cmd = exec.Command("etcd", "--name", "one", "--data-dir", s.dir,
		"--listen-client-urls", "http://"+s.client, "--advertise-client-urls", "http://"+s.client,
		"--listen-peer-urls", "http://"+s.peer, "--initial-advertise-peer-urls", "http://"+s.peer,
		"--initial-cluster", "one=http://"+s.peer, "--unsafe-no-fsync")
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// kill ends it as a crash does.
func (s *server) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

// lose takes away all that it knew. It must not run.
func (s *server) lose() {
	s.t.Helper()
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func healthy(address string) bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + address + "/health")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// admin is a client of the test's own.
func (s *server) admin() *clientv3.Client {
	s.t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.client}, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
