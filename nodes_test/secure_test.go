//go:build linux

package nodes_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"

	"bifrost/remote/certs"
)

// authority is a folder of certificates, made as an operator does it.
type authority struct{ dir string }

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{t.TempDir()}
	output(t, loopback{}, bifrostBinary(t), "certs", "ca", "--dir", a.dir)
	return a
}

// issue makes the certificate of a node, which names a host.
func (a authority) issue(t *testing.T, name, host string) authority {
	t.Helper()
	output(t, loopback{}, bifrostBinary(t), "certs", "node", "--dir", a.dir, "--name", name, "--host", host, "--overwrite")
	return a
}

// trust has the nodes with certificates of a accept those of another authority, too.
func (a authority) trust(t *testing.T, other authority) {
	t.Helper()
	theirs, err := os.ReadFile(other.file("ca"))
	must(t, err)
	ours, err := os.ReadFile(a.file("ca"))
	must(t, err)
	must(t, os.WriteFile(a.file("ca"), append(ours, theirs...), 0o600))
}

// brief makes one that is valid for so long only, which the command does not.
func (a authority) brief(t *testing.T, name, host string, valid time.Duration) authority {
	t.Helper()
	_, err := certs.WriteNode(a.dir, certs.NodeOptions{Name: name, Hosts: []string{host}, Validity: valid, Overwrite: true})
	must(t, err)
	return a
}

func (a authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// secure is the table of a node on a host that is reached by the host's name, with the
// certificate of that name.
func (a authority) secure(h *host) string {
	return fmt.Sprintf("[node]\nlisten = \":%d\"\nadvertise = \"%s:%d\"\n[node.tls]\ncert_file = %q\nkey_file = %q\nca_file = %q\n",
		nodePort, h.name, nodePort, a.file(h.name), a.file(h.name+"-key"), a.file("ca"))
}

func TestNodesWithCertificatesOfOneAuthorityServeEachOther(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, "a", "b", "up")
	u := newUpstream(t, net.host("up"), 9000)
	ca := newAuthority(t).issue(t, "a", "a").issue(t, "b", "b")
	serve(t, net.host("b"), "owner", gatewayPort, ca.secure(net.host("b"))+own{name: "openai", upstream: u}.String())
	asker := serve(t, net.host("a"), "asker", gatewayPort, ca.secure(net.host("a"))+away("openai", "", "b:7600"))
	var f flight
	for _, d := range doors {
		f = append(f, asker.ask(t.Context(), d, "openai/m", wish{id: d.name, size: 200_000}, 200_000))
	}
	f.mustSucceed(t)
}

// wrongCertificate is two nodes of which one has a certificate that the other must not
// accept, and what their logs say of it: who refuses it what is wrong, and the asker what
// to do.
type wrongCertificate struct {
	owner, asker   func(t *testing.T, good authority) authority // who has the certificates of b and a; nil: good
	target         string                                       // by which the asker calls the owner; "": its name
	expires        time.Duration                                // after the owner's start, before the asker's
	ownerLogs      string
	askerLogs, fix string
}

var wrongCertificates = map[string]wrongCertificate{
	"the owner's, of another authority": {
		owner:     func(t *testing.T, _ authority) authority { return newAuthority(t).issue(t, "b", "b") },
		askerLogs: "signed by unknown authority", fix: "give all nodes certificates of one CA", ownerLogs: "bad certificate"},
	"the asker's, of another authority": {
		asker: func(t *testing.T, good authority) authority {
			other := newAuthority(t).issue(t, "a", "a")
			other.trust(t, good) // it accepts the owner, which does not accept it
			return other
		},
		ownerLogs: "of an unknown authority"}, // the asker may see no more than that the connection breaks
	"the owner's, which has expired": {
		owner:     func(t *testing.T, good authority) authority { return good.brief(t, "b", "b", 4*time.Second) },
		expires:   5 * time.Second,
		askerLogs: "has expired", fix: "give the peer a new one", ownerLogs: "bad certificate"},
	"the owner's, which names another host": {
		target:    "10.77.0.3:7600",
		askerLogs: "10.77.0.3", fix: "make it one that does", ownerLogs: "bad certificate"},
}

// Each certificate is refused by whoever sees it, and no call passes.
func TestAWrongCertificateIsRefusedAndTheLogSaysWhyAndWhatToDo(t *testing.T) {
	for name, c := range wrongCertificates {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.mustBeRefused(t)
		})
	}
}

func (c wrongCertificate) mustBeRefused(t *testing.T) {
	net := newNetwork(t, "a", "b", "up")
	a, b := net.host("a"), net.host("b")
	u := newUpstream(t, net.host("up"), 9000)
	good := newAuthority(t).issue(t, "a", "a").issue(t, "b", "b")
	ownerHas, askerHas := good, good
	if c.asker != nil {
		askerHas = c.asker(t, good)
	}
	began := time.Now()
	if c.owner != nil {
		ownerHas = c.owner(t, good)
	}
	owner := serve(t, b, "owner", gatewayPort, ownerHas.secure(b)+own{name: "openai", upstream: u}.String())
	eventually(t, "the certificate has expired", func() bool { return time.Since(began) > c.expires })
	asker := serve(t, a, "asker", gatewayPort, askerHas.secure(a)+away("openai", "", cmp.Or(c.target, "b:7600")))
	line := asker.log.await(t, peerState("lost"))
	if !strings.Contains(line, c.askerLogs) || !strings.Contains(line, c.fix) {
		t.Errorf("the asker says %s", line)
	}
	owner.log.await(t, "handshake.*"+c.ownerLogs)
	for _, d := range doors {
		got := asker.ask(t.Context(), d, "openai/m", wish{id: d.name}, 0)
		if got.wait(t); !got.lost() {
			t.Errorf("want node_lost, got %v", got)
		}
	}
	if r := u.now(); r.calls != 0 {
		t.Errorf("%d calls have passed", r.calls)
	}
}

// serial is the number of the certificate that a node shows on new connections.
func serial(t *testing.T, from, h *host, ca authority) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(ca.file(from.name), ca.file(from.name+"-key"))
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := from.dial(ctx, "tcp", at(h, nodePort))
	must(t, err)
	defer conn.Close()
	secured := tls.Client(conn, &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	must(t, secured.HandshakeContext(ctx))
	return secured.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func TestCertificatesAreReplacedWhileTrafficRuns(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, "a", "b", "up")
	a, b := net.host("a"), net.host("b")
	u := newUpstream(t, net.host("up"), 9000)
	ca := newAuthority(t).issue(t, "a", "a").issue(t, "b", "b")
	owner := serve(t, b, "owner", gatewayPort, ca.secure(b)+own{name: "openai", upstream: u}.String())
	asker := serve(t, a, "asker", gatewayPort, ca.secure(a)+away("openai", "", "b:7600"))
	asker.awaitPeers(t, "up", 1)
	l := newLoad(2, func(i int) *asked {
		return asker.ask(t.Context(), doors[i%len(doors)], "openai/m", wish{id: fmt.Sprint(i)}, 0)
	})
	before := serial(t, a, b, ca)
	ca.issue(t, "a", "a").issue(t, "b", "b")
	eventually(t, "the new certificate is shown", func() bool { return serial(t, a, b, ca) != before })
	owner.log.await(t, "new certificate files of this node are in use")
	f := l.stop()
	f.mustSucceed(t)
	t.Logf("%d calls meanwhile", len(f))

	owner.kill(t)
	owner.restart(t)
	owner.awaitReady(t)
	mustBeUsed(t, asker, "openai/m", "restarted", time.Now(), 3*time.Second)
	asker.log.await(t, "new certificate files of this node are in use")
	u.mustBeSeenOnce(t)
}

// A certificate is for who it names: its owner cannot be another node.
func TestANodeThatClaimsAnAddressThatItsCertificateDoesNotNameIsRefused(t *testing.T) {
	t.Parallel()
	there, other := newMachine(), newMachine()
	ca := newAuthority(t).issue(t, "owner", there.ip().String()).issue(t, "mallory", "mallory")
	owner := serve(t, there, "owner", gatewayPort, fmt.Sprintf("[node]\nlisten = %q\n[node.tls]\ncert_file = %q\nkey_file = %q\nca_file = %q\n",
		nodeAt(there), ca.file("owner"), ca.file("owner-key"), ca.file("ca"))+own{name: "openai", upstream: newUpstream(t, loopback{}, 0)}.String())
	identity, err := certs.Load(certs.Files{CertFile: ca.file("mallory"), KeyFile: ca.file("mallory-key"), CAFile: ca.file("ca")}, nil)
	must(t, err)
	if _, err := introduce(t, nodeAt(there), nodeAt(other), credentials.NewTLS(identity.ClientConfig())); err == nil {
		t.Error("it was accepted")
	}
	if line := owner.log.await(t, "reason.*"+other.ip().String()); !strings.Contains(line, "may not speak for") {
		t.Errorf("the owner says %s", line)
	}
}

// Each connection takes five round trips until its first message, and there are three
// one after the other.
func TestNodesThatAreFarApartFindEachOtherOverTLSWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, "a", "b", "up")
	a, b := net.host("a"), net.host("b")
	net.between(a, b, condition{delay: 75 * time.Millisecond})
	u := newUpstream(t, net.host("up"), 9000)
	ca := newAuthority(t).issue(t, "a", "a").issue(t, "b", "b")
	owner := serve(t, b, "owner", gatewayPort, ca.secure(b)+own{name: "openai", upstream: u}.String())
	asker := serve(t, a, "asker", gatewayPort, ca.secure(a)+away("openai", "", "b:7600"))
	mustBeUsed(t, asker, "openai/m", "first", time.Now(), 3*time.Second)
	owner.kill(t)
	owner.restart(t)
	owner.awaitReady(t)
	mustBeUsed(t, asker, "openai/m", "restarted", time.Now(), 3*time.Second)
	for _, n := range []*node{owner, asker} {
		if lines := n.log.lines("sends nothing"); len(lines) > 0 {
			t.Errorf("%s says %q", n.name, lines)
		}
	}
	u.mustBeSeenOnce(t)
}
