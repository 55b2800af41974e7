package certs_test

import (
	"crypto/tls"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bifrost/remote/certs"
)

// serial returns the serial number of the certificate that a server shows.
func serial(t *testing.T, server, client *tls.Config) *big.Int {
	t.Helper()
	s, c := shake(t, server, client, "127.0.0.1")
	if s.err != nil || c.err != nil {
		t.Fatalf("%v, %v", s.err, c.err)
	}
	return c.state.PeerCertificates[0].SerialNumber
}

func TestNewFilesAreUsedForNewConnectionsWithoutARestart(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	var told notices
	server := load(t, node(t, dir, certs.NodeOptions{Name: "server"}), told.add)
	serving, client := server.ServerConfig(), identity(t, dir, "client") // taken once
	before := serial(t, serving, client.ClientConfig())

	node(t, dir, certs.NodeOptions{Name: "server", Validity: 24 * time.Hour, Overwrite: true})
	eventually(t, "the new certificate is shown", func() bool {
		return serial(t, serving, client.ClientConfig()).Cmp(before) != 0
	})
	if all := told.take(); len(all) != 1 || all[0].Problem != nil || !all[0].NotAfter.Equal(server.NotAfter()) || time.Until(all[0].NotAfter) > 24*time.Hour {
		t.Errorf("got notices %v", all)
	}
}

func TestAClientsCertificateFollowsItsFilesInAConfigurationThatWasMadeBefore(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	server := identity(t, dir, "server").ServerConfig()
	client := identity(t, dir, "client")
	config := client.ClientConfig()
	before, _ := shake(t, server, config, "127.0.0.1")
	node(t, dir, certs.NodeOptions{Name: "client", Overwrite: true})
	if err := client.Reload(); err != nil {
		t.Fatal(err)
	}
	after, _ := shake(t, server, config, "127.0.0.1")
	if before.err != nil || after.err != nil {
		t.Fatalf("%v, %v", before.err, after.err)
	}
	if before.state.PeerCertificates[0].Equal(after.state.PeerCertificates[0]) {
		t.Error("the client shows its old certificate")
	}
}

// TestNodesMoveFromOneAuthorityToTheNext goes the way that docs describe: first every
// node trusts both, then each gets a new certificate.
func TestNodesMoveFromOneAuthorityToTheNext(t *testing.T) {
	first, next := authority(t, certs.CAOptions{}), authority(t, certs.CAOptions{})
	a, b := node(t, first, certs.NodeOptions{Name: "a"}), node(t, first, certs.NodeOptions{Name: "b"})
	ia, ib := load(t, a, nil), load(t, b, nil)
	serving := ia.ServerConfig()
	meet := func(step string) {
		t.Helper()
		if err := errors.Join(ia.Reload(), ib.Reload()); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if s, c := shake(t, serving, ib.ClientConfig(), "127.0.0.1"); s.err != nil || c.err != nil {
			t.Fatalf("%s: %v, %v", step, s.err, c.err)
		}
	}
	meet("at first")
	write(t, a.CAFile, read(t, first+"/ca.pem")+read(t, next+"/ca.pem")) // which is b's, too
	meet("with both authorities")
	newB := node(t, next, certs.NodeOptions{Name: "b"})
	write(t, b.CertFile, read(t, newB.CertFile))
	mustSay(t, ib.Reload(), "key_file", "is not the key")
	write(t, b.KeyFile, read(t, newB.KeyFile))
	meet("with one node of the next authority")
	newA := node(t, next, certs.NodeOptions{Name: "a"})
	write(t, a.CertFile, read(t, newA.CertFile))
	write(t, a.KeyFile, read(t, newA.KeyFile))
	write(t, a.CAFile, read(t, newA.CAFile))
	meet("with the next authority only")
	stale := identity(t, authority(t, certs.CAOptions{}), "stale")
	if s, _ := shake(t, serving, stale.ClientConfig(), "127.0.0.1"); s.err == nil {
		t.Error("a node of neither was served")
	}
}

func TestBrokenFilesKeepTheOldCertificateAndAreReportedOnce(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	files := node(t, dir, certs.NodeOptions{Name: "server"})
	var told notices
	server := load(t, files, told.add)
	client := identity(t, dir, "client")
	good := map[string]string{files.CertFile: read(t, files.CertFile), files.KeyFile: read(t, files.KeyFile), files.CAFile: read(t, files.CAFile)}
	before := serial(t, server.ServerConfig(), client.ClientConfig())
	restore := func() {
		for path, text := range good {
			write(t, path, text)
		}
	}
	past := node(t, dir, certs.NodeOptions{Name: "past", Start: time.Now().Add(-48 * time.Hour), Validity: 24 * time.Hour})
	for name, c := range map[string]struct {
		damage func()
		want   string
	}{
		"half a certificate": {func() { write(t, files.CertFile, good[files.CertFile][:300]) }, "cert_file " + files.CertFile},
		"an empty key":       {func() { write(t, files.KeyFile, "") }, "key_file " + files.KeyFile},
		"half an authority":  {func() { write(t, files.CAFile, good[files.CAFile][:300]) }, "ca_file " + files.CAFile},
		"no authority":       {func() { _ = os.Remove(files.CAFile) }, "ca_file " + files.CAFile},
		"another's key":      {func() { write(t, files.KeyFile, read(t, past.KeyFile)) }, "key_file " + files.KeyFile},
		"an expired certificate": {func() {
			write(t, files.KeyFile, read(t, past.KeyFile))
			write(t, files.CertFile, read(t, past.CertFile))
		}, "has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			c.damage()
			for range 3 {
				mustSay(t, server.Reload(), c.want)
			}
			if got := serial(t, server.ServerConfig(), client.ClientConfig()); got.Cmp(before) != 0 {
				t.Error("another certificate is in use")
			}
			if all := told.take(); len(all) != 1 || !all[0].NotAfter.Equal(server.NotAfter()) {
				t.Errorf("got notices %v", all)
			} else {
				mustSay(t, all[0].Problem, c.want, "stays in use")
			}
			restore()
			if err := errors.Join(server.Reload(), server.Reload()); err != nil {
				t.Error(err)
			}
			if all := told.take(); len(all) != 1 || all[0].Problem != nil {
				t.Errorf("after the repair: got notices %v", all)
			}
		})
	}
}

// TestConnectionsSucceedWhileCertificatesAreReplaced replaces the server's files as
// fast as it can, in steps that leave them broken for moments.
func TestConnectionsSucceedWhileCertificatesAreReplaced(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	server, client := identity(t, dir, "server"), identity(t, dir, "client")
	serving := server.ServerConfig()
	stop := make(chan struct{})
	var rotating sync.WaitGroup
	rotating.Go(func() { // ends when stop is closed
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := certs.WriteNode(dir, certs.NodeOptions{Name: "server", Hosts: []string{"127.0.0.1"}, Overwrite: true}); err != nil {
					t.Error(err)
					return
				}
				_ = server.Reload() // a mismatch is as good: the old one stays
			}
		}
	})
	var calling sync.WaitGroup
	for range 4 {
		calling.Go(func() { // ends after its connections
			for range 25 {
				if s, c := shake(t, serving, client.ClientConfig(), "127.0.0.1"); s.err != nil || c.err != nil {
					t.Errorf("%v, %v", s.err, c.err)
				}
			}
		})
	}
	calling.Wait()
	close(stop)
	rotating.Wait()
}

func TestAnOpenConnectionSurvivesNewFiles(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	server, client := identity(t, dir, "server"), identity(t, dir, "client")
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	config := client.ClientConfig()
	config.ServerName = "localhost"
	echo := tls.Server(far, server.ServerConfig())
	go func() { _, _ = io.Copy(echo, echo) }() // ends when far is closed
	conn := tls.Client(near, config)
	say := func(text string) {
		t.Helper()
		got := make([]byte, len(text))
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	say("before")
	node(t, dir, certs.NodeOptions{Name: "server", Overwrite: true})
	if err := server.Reload(); err != nil {
		t.Fatal(err)
	}
	say("after")
}

func TestAKeyThatEverybodyMayReadIsAWarning(t *testing.T) {
	files := node(t, authority(t, certs.CAOptions{}), certs.NodeOptions{})
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o604: true} {
		if err := os.Chmod(files.KeyFile, mode); err != nil {
			t.Fatal(err)
		}
		var told notices
		load(t, files, told.add)
		all := told.take()
		if warned != (len(all) == 1) {
			t.Errorf("mode %o: got notices %v", mode, all)
		} else if warned {
			mustSay(t, all[0].Problem, files.KeyFile, "chmod 600")
		}
	}
}

func TestTheEndOfACertificateIsAnnouncedThirtyDaysBefore(t *testing.T) {
	dir := authority(t, certs.CAOptions{Validity: 100 * 24 * time.Hour})
	files := node(t, dir, certs.NodeOptions{Validity: 90 * 24 * time.Hour})
	i := load(t, files, nil)
	end := i.NotAfter()
	if left := time.Until(end); left > 90*24*time.Hour || left < 89*24*time.Hour {
		t.Errorf("it ends on %v", end)
	}
	for before, want := range map[time.Duration]string{
		certs.ExpiryNotice + time.Minute: "",
		certs.ExpiryNotice:               "in 30 days",
		36 * time.Hour:                   "in 1 days",
		time.Hour:                        "within a day",
		-time.Minute:                     "has expired",
	} {
		err := i.ExpiresSoon(end.Add(-before))
		if want == "" && err != nil {
			t.Errorf("%v before: %v", before, err)
		} else if want != "" {
			mustSay(t, err, "cert_file "+files.CertFile, want, end.UTC().Format("2006-01-02"))
		}
	}
}

func TestTheEndOfAnAuthorityCountsIfItIsEarlier(t *testing.T) {
	dir := authority(t, certs.CAOptions{Validity: 10 * 24 * time.Hour})
	files := node(t, resign(t, dir), certs.NodeOptions{})
	files.CAFile = filepath.Join(dir, certs.CACertName)
	i := load(t, files, nil)
	if left := time.Until(i.NotAfter()); left > 10*24*time.Hour {
		t.Errorf("got %v", left)
	}
	mustSay(t, i.ExpiresSoon(time.Now()), "ca_file "+files.CAFile, "in 9 days")
}
