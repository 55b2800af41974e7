package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzFiles reads any bytes as a node's files. What is accepted has a certificate that
// goes with its key and names a host; a refusal says which file it is about.
func FuzzFiles(f *testing.F) {
	dir := f.TempDir()
	if _, err := WriteCA(dir, CAOptions{}); err != nil {
		f.Fatal(err)
	}
	n, err := WriteNode(dir, NodeOptions{Hosts: []string{"localhost", "127.0.0.1"}})
	if err != nil {
		f.Fatal(err)
	}
	read := func(path string) []byte {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		return text
	}
	cert, key, ca := read(n.Files.CertFile), read(n.Files.KeyFile), read(n.Files.CAFile)
	f.Add(cert, key, ca)
	f.Add(append(cert, ca...), key, append(ca, ca...))
	f.Add(key, cert, cert)
	f.Add(cert[:len(cert)/2], key[:len(key)/2], ca[:len(ca)/2])
	f.Add(ca, read(filepath.Join(dir, CAKeyName)), ca)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), []byte{})
	now := time.Now()
	f.Fuzz(func(t *testing.T, cert, key, ca []byte) {
		m, err := (Files{"c", "k", "a"}).parse(contents{cert: cert, key: key, ca: ca}, false, now)
		if err != nil {
			if text := err.Error(); m != nil || !strings.HasPrefix(text, "cert_file c: ") && !strings.HasPrefix(text, "key_file k: ") && !strings.HasPrefix(text, "ca_file a: ") {
				t.Errorf("got %v, %v", m, err)
			}
			return
		}
		if !m.notAfter.After(now) || m.ending == "" || hostsOf(m.cert.Leaf) == "no host" {
			t.Errorf("accepted until %v, ended by %q", m.notAfter, m.ending)
		}
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			t.Errorf("accepted what crypto/tls refuses: %v", err)
		}
		if _, err := (Files{"c", "k", "a"}).parse(contents{cert: cert, key: key, ca: ca}, true, now); err != nil {
			t.Errorf("a listener refuses what a node accepts: %v", err)
		}
	})
}

// FuzzHost holds that a host that is accepted is one by which a certificate that names
// it can be verified, and by no other.
func FuzzHost(f *testing.F) {
	for _, host := range []string{"node-a", "Node.Example.", "10.0.0.2", "::1", "fe80::1%eth0", "::ffff:10.0.0.2", "*.a", "*", "a..b", "1.2.3", "10.0.0.2:7600", "bücher", "a_b", "", "."} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name, ip, err := parseHost(host)
		if err != nil {
			if name != "" || ip != nil {
				t.Errorf("got %q, %v and %v", name, ip, err)
			}
			return
		}
		cert := &x509.Certificate{}
		dial := host
		if ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else {
			cert.DNSNames = append(cert.DNSNames, name)
			dial = strings.Replace(dial, "*", "any", 1)
		}
		if err := cert.VerifyHostname(dial); err != nil {
			t.Errorf("%q was accepted: %v", host, err)
		}
		if err := cert.VerifyHostname("other." + strings.TrimPrefix(host, "*.")); err == nil && !strings.HasPrefix(host, "*.") {
			t.Errorf("%q names others", host)
		}
	})
}

// FuzzName holds that a node's files stay in their folder and away from others.
func FuzzName(f *testing.F) {
	for _, name := range []string{"node-a", "ca", "CA", "x-key", "../x", "a/b", `a\b`, ".", "..", "", "-x", "10.0.0.2", "a\x00"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) != nil {
			return
		}
		cert, key := filepath.Join("d", name+".pem"), filepath.Join("d", name+"-key.pem")
		if filepath.Dir(cert) != "d" || filepath.Dir(key) != "d" || strings.ContainsAny(name, "/\\\x00") {
			t.Errorf("%q leaves its folder", name)
		}
		for _, path := range []string{cert, key} {
			if base := strings.ToLower(filepath.Base(path)); base == CACertName || base == CAKeyName {
				t.Errorf("%q takes the authority's files", name)
			}
		}
		if strings.HasSuffix(strings.ToLower(cert), "-key.pem") {
			t.Errorf("%q takes another's key", name)
		}
	})
}
