package certs

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// maxNameBytes is the longest common name that X.509 has.
const maxNameBytes = 64

// NodeOptions say what node to make a certificate for.
type NodeOptions struct {
	// Hosts are the DNS names and IP addresses by which peers reach the node,
	// without ports; at least one. A name may begin with "*.", for any one label.
	Hosts []string

	// Name is the common name and the name of the files, at most 64 characters; "":
	// the first host.
	Name string

	// Start is when the validity begins, but for an hour before it that allows for
	// slow clocks; zero: now.
	Start time.Time

	// Validity is how long after Start the certificate ends; 0:
	// DefaultNodeValidity. It may not end after its authority. More than MaxValidity
	// and less than zero are errors.
	Validity time.Duration

	// Overwrite replaces existing files. A node that uses them takes the new ones
	// without a restart.
	Overwrite bool
}

// A Node says where a node's files are, what its certificate names and when it ends.
type Node struct {
	Files    Files
	Hosts    []string
	NotAfter time.Time
}

// WriteNode makes a certificate for a node, for both ends of a connection and with an
// ECDSA key on P-256, signed by the authority in dir that WriteCA has made, and writes
// it to Name.pem and Name-key.pem in dir. Only the owner may read the key (PKCS#8, mode
// 0600). The error wraps fs.ErrNotExist if there is no authority, and fs.ErrExist if a
// file is there and Overwrite is not set.
func WriteNode(dir string, o NodeOptions) (Node, error) {
	dns, ips, err := parseHosts(o.Hosts)
	if err != nil {
		return Node{}, err
	}
	if o.Name == "" {
		o.Name = o.Hosts[0]
	}
	if err := checkName(o.Name); err != nil {
		return Node{}, err
	}
	start, end, err := period(o.Start, o.Validity, DefaultNodeValidity)
	if err != nil {
		return Node{}, err
	}
	p := pair{certPath: filepath.Join(dir, o.Name+".pem"), keyPath: filepath.Join(dir, o.Name+"-key.pem")}
	if err := p.checkFree(o.Overwrite); err != nil {
		return Node{}, err
	}
	authority, key, err := loadAuthority(dir)
	if err != nil {
		return Node{}, err
	}
	if end.After(authority.NotAfter) {
		return Node{}, outlivesError(dir, end, authority.NotAfter)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: o.Name},
		NotBefore:             start,
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		DNSNames:              dns,
		IPAddresses:           ips,
	}
	if err := p.sign(template, authority, key); err != nil {
		return Node{}, err
	}
	if err := p.write(o.Overwrite); err != nil {
		return Node{}, err
	}
	hosts := dns
	for _, ip := range ips {
		hosts = append(hosts, ip.String())
	}
	files := Files{CertFile: p.certPath, KeyFile: p.keyPath, CAFile: filepath.Join(dir, CACertName)}
	return Node{files, hosts, end}, nil
}

func outlivesError(dir string, end, last time.Time) error {
	left := int(time.Until(last) / (24 * time.Hour))
	if left < 1 {
		return fmt.Errorf("%s: the authority ends on %s; make a new one with \"bifrost certs ca\"", filepath.Join(dir, CACertName), moment(last))
	}
	return fmt.Errorf("the certificate would end on %s, after its authority, which ends on %s; choose at most %d days, or make a new authority", moment(end), moment(last), left)
}

// checkName keeps a node's files in their folder, and away from those of the
// authority and of other nodes' keys.
func checkName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
		return fmt.Errorf("no files can be named after %q; give the node a name of letters, digits, hyphens, underscores and dots with --name", name)
	case name == "" || len(name) > maxNameBytes || strings.Contains(".-_", name[:1]):
		return fmt.Errorf("no files can be named after %q; give the node a name of 1 to %d characters that begins with a letter or a digit with --name", name, maxNameBytes)
	case lower == "ca" || strings.HasSuffix(lower, "-key"):
		return errors.New("the files of a node named \"" + name + "\" would be those of a key or of the authority; give it another name with --name")
	}
	return nil
}
