package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// Names of an authority's files in its folder.
const (
	CACertName = "ca.pem"
	CAKeyName  = "ca-key.pem"
)

// Defaults and limits of what is made.
const (
	DefaultCAValidity   = 10 * 365 * 24 * time.Hour
	DefaultNodeValidity = 365 * 24 * time.Hour
	MaxValidity         = 100 * 365 * 24 * time.Hour

	// skew is how much earlier than their start certificates are valid, for peers
	// whose clock is slow.
	skew = time.Hour
)

// CAOptions say what authority to make.
type CAOptions struct {
	// Name is the authority's common name, at most 64 characters; "": "bifrost
	// development CA" and a few random letters, which tell one from another.
	Name string

	// Start is when the validity begins, but for an hour before it that allows for
	// slow clocks; zero: now.
	Start time.Time

	// Validity is how long after Start the authority ends; 0: DefaultCAValidity.
	// More than MaxValidity and less than zero are errors.
	Validity time.Duration

	// Overwrite replaces existing files. Certificates of the authority that was
	// there are then refused by whoever has the new one.
	Overwrite bool
}

// An Authority says where an authority is and when it ends.
type Authority struct {
	CertFile, KeyFile string
	NotAfter          time.Time
}

// WriteCA makes an authority for development, with an ECDSA key on P-256, and writes
// it to CACertName and CAKeyName in dir, which is made if it is missing. Only the
// owner may read the key (PKCS#8, mode 0600). The error wraps fs.ErrExist if a file is
// there and Overwrite is not set.
func WriteCA(dir string, o CAOptions) (Authority, error) {
	start, end, err := period(o.Start, o.Validity, DefaultCAValidity)
	if err != nil {
		return Authority{}, err
	}
	if o.Name == "" {
		o.Name = "bifrost development CA " + rand.Text()[:6]
	}
	if len(o.Name) > maxNameBytes {
		return Authority{}, fmt.Errorf("the authority's name has %d characters; choose one of at most %d", len(o.Name), maxNameBytes)
	}
	p := pair{certPath: filepath.Join(dir, CACertName), keyPath: filepath.Join(dir, CAKeyName)}
	if err := p.checkFree(o.Overwrite); err != nil {
		return Authority{}, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: o.Name},
		NotBefore:             start,
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs nodes, not other authorities
	}
	if err := p.sign(template, nil, nil); err != nil {
		return Authority{}, err
	}
	if err := p.write(o.Overwrite); err != nil {
		return Authority{}, err
	}
	return Authority{p.certPath, p.keyPath, end}, nil
}

// period returns the first and the last moment of a certificate.
func period(start time.Time, validity, otherwise time.Duration) (notBefore, notAfter time.Time, err error) {
	if validity == 0 {
		validity = otherwise
	}
	if validity < time.Second || validity > MaxValidity {
		return start, start, fmt.Errorf("a validity of %v is not possible; choose from 1 to %d days", validity, MaxValidity/(24*time.Hour))
	}
	if start.IsZero() {
		start = time.Now()
	}
	return start.Add(-skew), start.Add(validity).Truncate(time.Second), nil // X.509 has seconds
}

// sign makes a key and its certificate, signed by parent, or by itself if parent is
// nil.
func (p *pair) sign(template, parent *x509.Certificate, signer crypto.Signer) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("cannot make a key: %w", err)
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return fmt.Errorf("cannot make the certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("cannot write the key: %w", err)
	}
	p.cert, p.key = encode(certificateBlock, der), encode(keyBlock, private)
	return nil
}

// loadAuthority reads what signs nodes. Of several certificates in the file it is
// the one of the key.
func loadAuthority(dir string) (*x509.Certificate, crypto.Signer, error) {
	certPath, keyPath := filepath.Join(dir, CACertName), filepath.Join(dir, CAKeyName)
	keyText, _, err := readRegular(keyPath)
	if err != nil {
		return nil, nil, authorityError(dir, keyPath, err)
	}
	certText, _, err := readRegular(certPath)
	if err != nil {
		return nil, nil, authorityError(dir, certPath, err)
	}
	key, err := parseKey(keyText)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", keyPath, err)
	}
	authorities, err := parseAuthorities(certText)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", certPath, err)
	}
	for _, cert := range authorities {
		if belongs(key, cert) {
			return cert, key, nil
		}
	}
	return nil, nil, fmt.Errorf("%s: has no certificate of the key %s; name the folder of both with --dir", certPath, keyPath)
}

func authorityError(dir, path string, err error) error {
	var reason *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w; make the authority first with \"bifrost certs ca\", or name its folder with --dir", path, fs.ErrNotExist)
	case errors.As(err, &reason):
		return fmt.Errorf("%s: cannot be read: %w; it is one of the authority's files in %s", path, reason.Err, dir)
	}
	return fmt.Errorf("%s: %w", path, err)
}
