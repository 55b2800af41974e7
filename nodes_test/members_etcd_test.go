//go:build linux

package nodes_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"testing"
	"time"
)

// etcdServer is an etcd that speaks TLS, and knows its clients by theirs.
type etcdServer struct {
	endpoint      string
	ca, cert, key string // files; the certificate is for servers and for clients
	*process
}

// table is the part of a node's file that names it.
func (e etcdServer) table() string {
	return fmt.Sprintf("[node.etcd]\nendpoints = [%q]\nca_file = %q\ncert_file = %q\nkey_file = %q\n", e.endpoint, e.ca, e.cert, e.key)
}

// startEtcd starts one on a machine of its own on loopback.
func startEtcd(t *testing.T) etcdServer {
	t.Helper()
	return startEtcdIn(t, loopback{}, newMachine())
}

// startEtcdIn starts one in a place, with the address of where.
func startEtcdIn(t *testing.T, in, where place) etcdServer {
	t.Helper()
	if _, err := exec.LookPath("etcd"); err != nil {
		t.Fatal("this test needs etcd: install it (Debian: apt-get install etcd-server)")
	}
	dir := t.TempDir()
	output(t, loopback{}, bifrostBinary(t), "certs", "ca", "--dir", dir)
	output(t, loopback{}, bifrostBinary(t), "certs", "node", "--dir", dir, "--host", where.ip().String(), "--name", "etcd")
	e := etcdServer{"https://" + at(where, 2379), dir + "/ca.pem", dir + "/etcd.pem", dir + "/etcd-key.pem", nil}
	peers, metrics := "http://"+at(where, 2380), "http://"+at(where, 2381)
	server := launch(t, program{at: in, name: "etcd", argv: []string{"etcd", "--name", "one", "--data-dir", dir + "/data",
		"--listen-client-urls", e.endpoint, "--advertise-client-urls", e.endpoint, "--listen-peer-urls", peers,
		"--initial-advertise-peer-urls", peers, "--initial-cluster", "one=" + peers, "--listen-metrics-urls", metrics,
		"--client-cert-auth", "--trusted-ca-file", e.ca, "--cert-file", e.cert, "--key-file", e.key, "--unsafe-no-fsync"}})
	client := clientIn(t, in)
	eventually(t, "etcd is well", func() bool {
		if !server.running() {
			t.Fatalf("etcd has ended: %v\n%s", server.result, server.log)
		}
		resp, err := client.Get(metrics + "/health")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	e.process = server
	return e
}

func TestNodesInEtcdFindEachOtherAndAKilledOneIsGoneWithItsLease(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	finds := e.table() + "ttl = \"2s\"\n"
	a := serveAsker(t, newMachine(), "a", finds)
	b := serveOwner(t, newMachine(), "b", finds)
	c := serveOwner(t, newMachine(), "c", finds)
	for _, s := range []*seeker{a, b, c} {
		s.awaitList(t, 3)
	}
	a.awaitShare(t, []*seeker{b, c})
	c.kill(t)
	killed := time.Now()
	for _, s := range []*seeker{a, b} {
		s.log.await(t, `"addresses":2,"before":3,`)
	}
	t.Logf("the killed node was out of the list after %v", time.Since(killed).Round(time.Millisecond))
	a.awaitShare(t, []*seeker{b}, c)
	lists := func(addresses int) int { return len(a.log.lines(fmt.Sprintf(`"addresses":%d,"before"`, addresses))) }
	three, two := lists(3), lists(2)
	c.restart(t)
	eventually(t, "the node is in the list again", func() bool { return lists(3) > three })
	must(t, c.stop(t)) // which takes it out at once
	eventually(t, "the stopped node is out of the list", func() bool { return lists(2) > two })
}
