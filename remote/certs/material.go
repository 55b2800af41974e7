package certs

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// A material is what one state of the files gives. It is never changed.
type material struct {
	cert   tls.Certificate
	roots  *x509.CertPool // of a listener's callers nil: they need no certificate
	digest [sha256.Size]byte

	// notAfter is when the chain ends, and ending is the setting and the file with
	// the certificate that ends it.
	notAfter time.Time
	ending   string
}

// parse checks all that can be known about the files without a peer.
func (f Files) parse(c contents, listener bool, now time.Time) (*material, error) {
	chain, err := parseCertificates(c.cert)
	if err != nil {
		return nil, fmt.Errorf("cert_file %s: %w", f.CertFile, err)
	}
	key, err := parseKey(c.key)
	if err != nil {
		return nil, fmt.Errorf("key_file %s: %w", f.KeyFile, err)
	}
	leaf := chain[0]
	if !belongs(key, leaf) {
		return nil, fmt.Errorf("key_file %s: is not the key of the first certificate of cert_file %s; name the two files that were made together", f.KeyFile, f.CertFile)
	}
	if err := checkLeaf(leaf, now); err != nil {
		return nil, fmt.Errorf("cert_file %s: %w", f.CertFile, err)
	}
	m := &material{cert: tls.Certificate{PrivateKey: key, Leaf: leaf}, roots: x509.NewCertPool(), digest: c.digest()}
	for _, cert := range chain {
		m.cert.Certificate = append(m.cert.Certificate, cert.Raw)
	}
	if listener {
		return f.parseListener(c, m, chain)
	}
	authorities, err := parseAuthorities(c.ca)
	if err != nil {
		return nil, fmt.Errorf("ca_file %s: %w", f.CAFile, err)
	}
	for _, cert := range authorities {
		m.roots.AddCert(cert)
	}
	chains, err := f.verify(chain, m.roots, now)
	if err != nil {
		return nil, err
	}
	m.notAfter, m.ending = f.end(chains)
	return m, nil
}

// checkLeaf checks what a node's certificate says of itself.
func checkLeaf(leaf *x509.Certificate, now time.Time) error {
	switch {
	case len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return errors.New("names no host (it has no subject alternative name); make one with the hosts by which peers reach this node")
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("is not valid before %s, and it is %s; set this machine's clock, or make a new certificate", moment(leaf.NotBefore), moment(now))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("has expired on %s, and it is %s; make a new certificate with \"bifrost certs node\"", moment(leaf.NotAfter), moment(now))
	}
	return nil
}

func parseAuthorities(text []byte) ([]*x509.Certificate, error) {
	authorities, err := parseCertificates(text)
	if err != nil {
		return nil, err
	}
	for _, cert := range authorities {
		if !cert.IsCA {
			return nil, fmt.Errorf("the certificate of %q in it is not an authority's; name the file of the CA that signed the nodes' certificates", cert.Subject.CommonName)
		}
	}
	return authorities, nil
}

// verify finds the chains from the node's certificate to the authorities, as peers
// will: once as a server's, once as a client's.
func (f Files) verify(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) (chains [][]*x509.Certificate, err error) {
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		chains, err = chain[0].Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
		})
		if err != nil {
			return nil, f.chainFault(err, now)
		}
	}
	return chains, nil
}

// chainFault says which file is to blame for a chain that peers would refuse. The
// leaf's own times have been checked.
func (f Files) chainFault(err error, now time.Time) error {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("cert_file %s: is not signed by an authority of ca_file %s; name the CA that made it, or make a new certificate with that CA", f.CertFile, f.CAFile)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && now.Before(invalid.Cert.NotBefore):
		return fmt.Errorf("ca_file %s: the certificate of the authority %q is not valid before %s, and it is %s; set this machine's clock",
			f.CAFile, invalid.Cert.Subject.CommonName, moment(invalid.Cert.NotBefore), moment(now))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("ca_file %s: the certificate of the authority %q has expired on %s, and it is %s; make a new CA with \"bifrost certs ca\", and new certificates for all nodes",
			f.CAFile, invalid.Cert.Subject.CommonName, moment(invalid.Cert.NotAfter), moment(now))
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return fmt.Errorf("cert_file %s: is not for both ends of a connection; make one whose extended key usage is server and client authentication", f.CertFile)
	}
	return fmt.Errorf("cert_file %s: peers with ca_file %s would refuse it: %w", f.CertFile, f.CAFile, err)
}

// end returns when the last of the chains ends, and through which file.
func (f Files) end(chains [][]*x509.Certificate) (last time.Time, ending string) {
	for _, chain := range chains {
		first, file := chain[0].NotAfter, "cert_file "+f.CertFile
		for i, cert := range chain[1:] {
			if !cert.NotAfter.Before(first) {
				continue
			}
			first = cert.NotAfter
			if i == len(chain)-2 {
				file = "ca_file " + f.CAFile
			}
		}
		if first.After(last) {
			last, ending = first, file
		}
	}
	return last, ending
}

// moment writes a time for people.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
