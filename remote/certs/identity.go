package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// rereadAfter is how long what was read of the files counts as fresh.
const rereadAfter = time.Second

// A Notice is news about the files of an Identity.
type Notice struct {
	// Problem is what is wrong and what to do; nil: the files were changed or
	// repaired, and are in use.
	Problem error

	// NotAfter is when the certificate in use ends.
	NotAfter time.Time
}

// An Identity is what a node shows its peers and how it judges theirs. It follows
// its files. Safe for concurrent use.
type Identity struct {
	files    Files
	listener bool // they are a listener's
	notify   func(Notice)
	current  atomic.Pointer[material]

	// born and looked give the time of the last look at the files; looked is
	// counted from born.
	born   time.Time
	looked atomic.Int64

	// mu is held while the files are read, never by a handshake that would wait for
	// it, and guards problem, the text of the problem that was reported last.
	mu      sync.Mutex
	problem string
}

// Load reads and checks the files of a node. The error names the file and says
// what to do.
//
// notify is told of changed files, of each problem once, and of a key that every
// user of the machine may read, which is a warning only; nil: nobody is told. It is
// called by Load and by whoever causes the files to be read, by one goroutine at a time.
// It must not block, and must not use the Identity.
func Load(files Files, notify func(Notice)) (*Identity, error) { return load(files, false, notify) }

func load(files Files, listener bool, notify func(Notice)) (*Identity, error) {
	if notify == nil {
		notify = func(Notice) {}
	}
	c, err := files.read(listener)
	if err != nil {
		return nil, err
	}
	m, err := files.parse(c, listener, time.Now())
	if err != nil {
		return nil, err
	}
	i := &Identity{files: files, listener: listener, notify: notify, born: time.Now()}
	i.current.Store(m)
	i.warn(c, m)
	return i, nil
}

// Reload reads the files now, whatever the time of the last look, and returns what
// is wrong with them, in which case the certificate in use stays. It waits for a
// look that is under way.
func (i *Identity) Reload() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.reloadLocked()
}

// ServerConfig returns the side that accepts connections: TLS 1.3 only, and the
// client must show a certificate of the CAs. It may be used for any number of
// connections, each of which meets the files as they are then; also wrapped by
// gRPC's credentials. Sessions are not resumed, so no peer is known longer than its
// certificate.
//
// The client's host is not checked: see VerifyHost.
func (i *Identity) ServerConfig() *tls.Config {
	config := i.current.Load().serverConfig()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return i.latest().serverConfig(), nil
	}
	return config
}

func (m *material) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{m.cert},
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              m.roots,
		SessionTicketsDisabled: true,
	}
}

// ClientConfig returns the side that dials: TLS 1.3 only, and the server's
// certificate must be of the CAs and name the host that was dialled, which tls.Dial
// and gRPC put into ServerName of their copy.
//
// Its certificate follows the files, its CAs are those of the call. So take a new
// one for each connection, which costs next to nothing.
func (i *Identity) ClientConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		RootCAs:    i.latest().roots,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &i.latest().cert, nil
		},
	}
}

// latest returns what the files give, at most about a second ago. While one caller
// reads them, the others take what was read before.
func (i *Identity) latest() *material {
	if i.isStale() && i.mu.TryLock() {
		defer i.mu.Unlock()
		if i.isStale() {
			_ = i.reloadLocked() // has been reported
		}
	}
	return i.current.Load()
}

func (i *Identity) isStale() bool {
	return time.Since(i.born)-time.Duration(i.looked.Load()) >= rereadAfter
}

// reloadLocked needs mu.
func (i *Identity) reloadLocked() error {
	old := i.current.Load()
	fresh, c, err := i.look(old)
	i.looked.Store(int64(time.Since(i.born)))
	if err != nil {
		if text := err.Error(); text != i.problem {
			i.problem = text
			i.notify(Notice{fmt.Errorf("%w; until then the certificate that was read before stays in use, which ends on %s", err, moment(old.notAfter)), old.notAfter})
		}
		return err
	}
	if fresh != old {
		i.current.Store(fresh)
		i.warn(c, fresh)
	}
	if fresh != old || i.problem != "" {
		i.problem = ""
		i.notify(Notice{nil, fresh.notAfter})
	}
	return nil
}

// look reads the files and returns what they give: old if they have not changed.
func (i *Identity) look(old *material) (*material, contents, error) {
	c, err := i.files.read(i.listener)
	if err != nil || c.digest() == old.digest {
		return old, c, err
	}
	m, err := i.files.parse(c, i.listener, time.Now())
	return m, c, err
}

// warn tells of a key that is not kept well.
func (i *Identity) warn(c contents, m *material) {
	if c.openKey {
		i.notify(Notice{errors.New("key_file " + i.files.KeyFile + ": every user of this machine may read it; run chmod 600 on it"), m.notAfter})
	}
}
