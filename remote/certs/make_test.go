package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost/remote/certs"
)

func parsed(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode([]byte(read(t, path)))
	if block == nil || len(rest) != 0 {
		t.Fatalf("%s is not one PEM block", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// between reports whether the certificate began about an hour before now and ends
// about validity after it.
func between(cert *x509.Certificate, validity time.Duration) bool {
	const minute = time.Minute
	start, end := time.Since(cert.NotBefore)-time.Hour, time.Until(cert.NotAfter)-validity
	return start > -minute && start < minute && end > -minute && end < minute
}

func TestACAIsMadeForSigningOnlyAndItsKeyIsItsOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "certs")
	a, err := certs.WriteCA(dir, certs.CAOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cert := parsed(t, filepath.Join(dir, "ca.pem"))
	if !cert.IsCA || !cert.MaxPathLenZero || cert.KeyUsage&x509.KeyUsageCertSign == 0 || cert.Subject.CommonName == "" || cert.SerialNumber.BitLen() < 64 {
		t.Errorf("got %+v", cert)
	}
	if !between(cert, 10*365*24*time.Hour) || !cert.NotAfter.Equal(a.NotAfter) {
		t.Errorf("valid from %v to %v, and told %v", cert.NotBefore, cert.NotAfter, a.NotAfter)
	}
	for path, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, a.KeyFile: 0o600, a.CertFile: 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v", path, info.Mode(), err)
		}
	}
}

func TestANodeIsMadeForBothEndsAndNamesEachHostOnce(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	n, err := certs.WriteNode(dir, certs.NodeOptions{Hosts: []string{"Node-A.", "10.0.0.2", "node-a", "::ffff:10.0.0.2", "0:0::1", "*.pods.example", "xn--bcher-kva.example"}})
	if err != nil {
		t.Fatal(err)
	}
	cert := parsed(t, n.Files.CertFile)
	var ips []string
	for _, ip := range cert.IPAddresses {
		ips = append(ips, ip.String())
	}
	if !slices.Equal(cert.DNSNames, []string{"node-a", "*.pods.example", "xn--bcher-kva.example"}) || !slices.Equal(ips, []string{"10.0.0.2", "::1"}) {
		t.Errorf("got %v and %v", cert.DNSNames, ips)
	}
	if want := append(slices.Clone(cert.DNSNames), ips...); !slices.Equal(n.Hosts, want) {
		t.Errorf("told %v", n.Hosts)
	}
	if cert.IsCA || !slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}) {
		t.Errorf("got %+v", cert)
	}
	if !between(cert, 365*24*time.Hour) || !cert.NotAfter.Equal(n.NotAfter) {
		t.Errorf("valid from %v to %v, and told %v", cert.NotBefore, cert.NotAfter, n.NotAfter)
	}
	key, ok := raw(t, n.Files).PrivateKey.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() || !strings.HasPrefix(read(t, n.Files.KeyFile), "-----BEGIN PRIVATE KEY-----\n") {
		t.Errorf("got a key %T", key)
	}
	if info, err := os.Stat(n.Files.KeyFile); err != nil || info.Mode() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

// TestNothingIsReplacedUnlessItIsAskedFor also holds that a refusal leaves no file
// behind, whichever of the two is in the way.
func TestNothingIsReplacedUnlessItIsAskedFor(t *testing.T) {
	makers := map[string]func(dir string, overwrite bool) error{
		"ca": func(dir string, overwrite bool) error {
			_, err := certs.WriteCA(dir, certs.CAOptions{Overwrite: overwrite})
			return err
		},
		"node": func(dir string, overwrite bool) error {
			_, err := certs.WriteNode(dir, certs.NodeOptions{Hosts: []string{"node"}, Overwrite: overwrite})
			return err
		},
	}
	for name, make := range makers {
		for _, kept := range []string{name + ".pem", name + "-key.pem"} {
			dir := authority(t, certs.CAOptions{})
			if name == "node" {
				node(t, dir, certs.NodeOptions{})
			}
			other := map[string]string{name + ".pem": name + "-key.pem", name + "-key.pem": name + ".pem"}[kept]
			if err := os.Remove(filepath.Join(dir, other)); err != nil {
				t.Fatal(err)
			}
			before := read(t, filepath.Join(dir, kept))
			err := make(dir, false)
			mustSay(t, err, filepath.Join(dir, kept), "--overwrite")
			if !errors.Is(err, fs.ErrExist) || read(t, filepath.Join(dir, kept)) != before {
				t.Errorf("%s was replaced, or %v", kept, err)
			}
			if _, err := os.Stat(filepath.Join(dir, other)); err == nil {
				t.Errorf("%s: %s was written", kept, other)
			}
			if err := make(dir, true); err != nil || read(t, filepath.Join(dir, kept)) == before {
				t.Errorf("%s was not replaced: %v", kept, err)
			}
			for _, file := range []string{kept, other} {
				info, err := os.Stat(filepath.Join(dir, file))
				if want := map[bool]fs.FileMode{true: 0o600, false: 0o644}[strings.HasSuffix(file, "-key.pem")]; err != nil || info.Mode() != want {
					t.Errorf("%s: got %v, %v", file, info.Mode(), err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		}
	}
}

func TestANodeIsRefusedWithWhatToDo(t *testing.T) {
	dir := authority(t, certs.CAOptions{Validity: 100*24*time.Hour + time.Hour})
	hosts := func(all ...string) certs.NodeOptions { return certs.NodeOptions{Hosts: all, Validity: time.Hour} }
	named := func(name string) certs.NodeOptions {
		return certs.NodeOptions{Hosts: []string{"node"}, Name: name, Validity: time.Hour}
	}
	for name, c := range map[string]struct {
		o    certs.NodeOptions
		want []string
	}{
		"no host":           {hosts(), []string{"no host is given"}},
		"an empty host":     {hosts("node", ""), []string{`host ""`, "is empty"}},
		"a port":            {hosts("10.0.0.2:7600"), []string{`host "10.0.0.2:7600"`, "without ports"}},
		"brackets":          {hosts("[::1]"), []string{"brackets"}},
		"a URL":             {hosts("https://node"), []string{"without a scheme"}},
		"a network":         {hosts("10.0.0.0/8"), []string{"no host"}},
		"any address":       {hosts("0.0.0.0"), []string{"could dial"}},
		"any IPv6 address":  {hosts("::"), []string{"could dial"}},
		"a zone":            {hosts("fe80::1%eth0"), []string{"zone"}},
		"half an address":   {hosts("10.0.0"), []string{"looks like an IP address"}},
		"a wrong address":   {hosts("10.0.0.256"), []string{"looks like an IP address"}},
		"a space":           {hosts("a", " b"), []string{`host " b"`, "DNS name"}},
		"another script":    {hosts("bücher.example"), []string{"xn--"}},
		"a star only":       {hosts("*"), []string{"DNS name"}},
		"a star inside":     {hosts("a.*.example"), []string{"first part"}},
		"a long label":      {hosts(strings.Repeat("a", 64) + ".example"), []string{"DNS name"}},
		"a hyphen in front": {hosts("-a"), []string{"DNS name"}},
		"two faults":        {hosts("a:1", "b:2"), []string{`host "a:1"`, "\n", `host "b:2"`}},
		"a path as a name":  {named("../node"), []string{`"../node"`, "--name"}},
		"a hidden file":     {named(".node"), []string{"--name"}},
		"an option":         {named("-node"), []string{"--name"}},
		"the CA's name":     {named("CA"), []string{"of the authority", "--name"}},
		"a key's name":      {named("node-key"), []string{"of a key", "--name"}},
		"a long name":       {named(strings.Repeat("a", 65)), []string{"64", "--name"}},
		"no name":           {hosts("::1"), []string{`"::1"`, "--name"}},
		"a wildcard's name": {hosts("*.example"), []string{"--name"}},
		"a negative time":   {certs.NodeOptions{Hosts: []string{"a"}, Validity: -time.Hour}, []string{"validity"}},
		"a long time":       {certs.NodeOptions{Hosts: []string{"a"}, Validity: certs.MaxValidity + 1}, []string{"36500 days"}},
		"more than its CA":  {certs.NodeOptions{Hosts: []string{"a"}}, []string{"after its authority", "at most 100 days"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := certs.WriteNode(dir, c.o)
			mustSay(t, err, c.want...)
		})
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("a refusal left files: %v", left)
	}
}

func TestANodeNeedsAnAuthorityThatIsWhole(t *testing.T) {
	make := func(dir string) error {
		_, err := certs.WriteNode(dir, certs.NodeOptions{Hosts: []string{"node"}})
		return err
	}
	dir := t.TempDir()
	if err := make(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	} else {
		mustSay(t, err, filepath.Join(dir, "ca-key.pem"), "bifrost certs ca")
	}
	for _, name := range []string{"ca.pem", "ca-key.pem"} {
		dir := authority(t, certs.CAOptions{})
		path := filepath.Join(dir, name)
		whole := read(t, path)
		write(t, path, whole[:len(whole)/2])
		mustSay(t, make(dir), path)
		write(t, path, read(t, filepath.Join(authority(t, certs.CAOptions{}), name)))
		mustSay(t, make(dir), "has no certificate of the key")
		if name == "ca.pem" { // a bundle of two, as on the way to another authority
			write(t, path, read(t, path)+whole)
			if err := make(dir); err != nil {
				t.Error(err)
			}
		}
	}
	expired := authority(t, certs.CAOptions{Start: time.Now().Add(-48 * time.Hour), Validity: 24 * time.Hour})
	mustSay(t, make(expired), "the authority ends on", "make a new one")
}

func TestAnAuthorityIsRefusedWithWhatToDo(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		o    certs.CAOptions
		want string
	}{
		{certs.CAOptions{Validity: -1}, "from 1 to 36500 days"},
		{certs.CAOptions{Validity: certs.MaxValidity + 1}, "from 1 to 36500 days"},
		{certs.CAOptions{Name: strings.Repeat("x", 65)}, "at most 64"},
	} {
		_, err := certs.WriteCA(dir, c.o)
		mustSay(t, err, c.want)
	}
	file := filepath.Join(dir, "file")
	write(t, file, "")
	_, err := certs.WriteCA(filepath.Join(file, "certs"), certs.CAOptions{})
	mustSay(t, err, file, "--dir")
}

func TestACertificateNamesTheAddressOfItsLoopback(t *testing.T) {
	i := identity(t, authority(t, certs.CAOptions{}), "a")
	for _, host := range []string{"127.0.0.1", "::1", "[::1]", net.IPv4(127, 0, 0, 1).String(), "localhost"} {
		if err := i.CheckHost(host); err != nil {
			t.Error(err)
		}
	}
}
