package certs_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bifrost/remote/certs"
)

// secretText stands where a private key would be.
const secretText = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="

func block(kind, base64 string) string {
	return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n"
}

// TestLoadNamesTheFileAndSaysWhatToDo has a row for each mistake that can be known
// before a peer is met.
func TestLoadNamesTheFileAndSaysWhatToDo(t *testing.T) {
	dir, other := authority(t, certs.CAOptions{}), authority(t, certs.CAOptions{})
	good, foreign := node(t, dir, certs.NodeOptions{}), node(t, other, certs.NodeOptions{})
	at := func(name string, start time.Time) certs.Files {
		return node(t, dir, certs.NodeOptions{Name: name, Start: start, Validity: 24 * time.Hour})
	}
	expired, early := at("expired", time.Now().Add(-48*time.Hour)), at("early", time.Now().Add(48*time.Hour))
	with := func(edit func(*certs.Files)) certs.Files {
		files := good
		edit(&files)
		return files
	}
	text := func(content string) string {
		path := filepath.Join(t.TempDir(), "given.pem")
		write(t, path, content)
		return path
	}
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for name, c := range map[string]struct {
		files certs.Files
		want  []string
	}{
		"nothing":                 {certs.Files{}, []string{"cert_file is missing", "key_file is missing", "ca_file is missing", "bifrost certs"}},
		"a missing file":          {with(func(f *certs.Files) { f.CertFile = missing }), []string{"cert_file " + missing, "does not exist", "correct the path"}},
		"a missing key":           {with(func(f *certs.Files) { f.KeyFile = missing }), []string{"key_file " + missing}},
		"a missing CA":            {with(func(f *certs.Files) { f.CAFile = missing }), []string{"ca_file " + missing}},
		"a folder":                {with(func(f *certs.Files) { f.CertFile = dir }), []string{"cert_file " + dir, "regular file"}},
		"a huge file":             {with(func(f *certs.Files) { f.CAFile = text(strings.Repeat("x", 1<<20+1)) }), []string{"ca_file", "more than"}},
		"a path in a file":        {with(func(f *certs.Files) { f.CAFile = good.CAFile + "/x" }), []string{"ca_file " + good.CAFile + "/x: cannot be read"}},
		"no PEM":                  {with(func(f *certs.Files) { f.CertFile = text("hello") }), []string{"cert_file", "BEGIN CERTIFICATE"}},
		"no PEM key":              {with(func(f *certs.Files) { f.KeyFile = text("hello") }), []string{"key_file", "BEGIN PRIVATE KEY"}},
		"swapped files":           {with(func(f *certs.Files) { f.CertFile, f.KeyFile = f.KeyFile, f.CertFile }), []string{"cert_file", "is it the key_file?"}},
		"a certificate for a key": {with(func(f *certs.Files) { f.KeyFile = f.CertFile }), []string{"key_file", "is it the cert_file?"}},
		"a broken certificate":    {with(func(f *certs.Files) { f.CertFile = text(block("CERTIFICATE", "AAAA")) }), []string{"cert_file", "certificate 1 cannot be read"}},
		"a broken key":            {with(func(f *certs.Files) { f.KeyFile = text(block("PRIVATE KEY", secretText)) }), []string{"key_file", "cannot be read"}},
		"a broken EC key":         {with(func(f *certs.Files) { f.KeyFile = text(block("EC PRIVATE KEY", secretText)) }), []string{"key_file", "cannot be read"}},
		"a broken RSA key":        {with(func(f *certs.Files) { f.KeyFile = text(block("RSA PRIVATE KEY", secretText)) }), []string{"key_file", "cannot be read"}},
		"an encrypted key":        {with(func(f *certs.Files) { f.KeyFile = text(block("ENCRYPTED PRIVATE KEY", secretText)) }), []string{"key_file", "encrypted"}},
		"another's key":           {with(func(f *certs.Files) { f.KeyFile = foreign.KeyFile }), []string{"key_file " + foreign.KeyFile, "is not the key", good.CertFile}},
		"another's CA":            {with(func(f *certs.Files) { f.CAFile = foreign.CAFile }), []string{"cert_file " + good.CertFile, "is not signed", foreign.CAFile}},
		"a node as the CA":        {with(func(f *certs.Files) { f.CAFile = foreign.CertFile }), []string{"ca_file " + foreign.CertFile, `"node"`, "not an authority's"}},
		"an expired one":          {expired, []string{"cert_file " + expired.CertFile, "has expired on", "make a new"}},
		"an early one":            {early, []string{"cert_file " + early.CertFile, "is not valid before", "clock"}},
		"no host":                 {custom(t, func(c *x509.Certificate) { c.DNSNames = nil }), []string{"cert_file", "names no host"}},
		"for servers only": {custom(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
			[]string{"cert_file", "both ends"}},
		"for clients only": {custom(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
			[]string{"cert_file", "both ends"}},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := certs.Load(c.files, func(n certs.Notice) { t.Errorf("got notice %v", n) })
			mustSay(t, err, c.want...)
			if i != nil {
				t.Error("got an identity")
			}
			if err != nil && strings.Contains(err.Error(), secretText[:8]) {
				t.Errorf("the key is in %q", err)
			}
		})
	}
	for _, f := range []certs.Files{good, foreign} {
		load(t, f, nil)
	}
	if _, err := certs.Load(with(func(f *certs.Files) { f.KeyFile = missing }), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is no fs.ErrNotExist", err)
	}
}

func TestLoadTellsAnAuthoritysTimesFromTheNodes(t *testing.T) {
	now := time.Now()
	for want, o := range map[string]certs.CAOptions{
		"has expired on":      {Name: "old", Start: now.Add(-48 * time.Hour), Validity: 24 * time.Hour},
		"is not valid before": {Name: "new", Start: now.Add(48 * time.Hour)},
	} {
		dir := authority(t, o)
		// A longer-lived authority with the same key and name makes the node.
		files := node(t, resign(t, dir), certs.NodeOptions{})
		files.CAFile = filepath.Join(dir, certs.CACertName)
		_, err := certs.Load(files, nil)
		mustSay(t, err, "ca_file "+files.CAFile, `"`+o.Name+`"`, want)
	}
}

// resign makes a folder with an authority of the same key and name that is valid
// now, and longer than a node.
func resign(t *testing.T, dir string) string {
	t.Helper()
	pair := raw(t, certs.Files{CertFile: filepath.Join(dir, certs.CACertName), KeyFile: filepath.Join(dir, certs.CAKeyName)})
	template := pair.Leaf
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(2*certs.DefaultNodeValidity)
	key := pair.PrivateKey.(*ecdsa.PrivateKey)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	write(t, filepath.Join(to, certs.CACertName), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, filepath.Join(to, certs.CAKeyName), read(t, filepath.Join(dir, certs.CAKeyName)))
	return to
}

func TestAKeyOfOpenSSLsOlderFormIsTaken(t *testing.T) {
	files := node(t, authority(t, certs.CAOptions{}), certs.NodeOptions{})
	key := raw(t, files).PrivateKey.(*ecdsa.PrivateKey)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	write(t, files.KeyFile, block("EC PARAMETERS", "BggqhkjOPQMBBw==")+"a comment\n"+text)
	load(t, files, nil)
}

func TestSocketsAndDevicesAreNotRead(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	files := node(t, dir, certs.NodeOptions{})
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	files.CAFile = l.Addr().String()
	_, err = certs.Load(files, nil)
	mustSay(t, err, "ca_file "+files.CAFile, "regular file")
	files.CAFile = os.DevNull
	_, err = certs.Load(files, nil)
	mustSay(t, err, "ca_file "+files.CAFile, "regular file")
}
