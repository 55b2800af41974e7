package config

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"strings"
)

var tlsSection = section[NodeTLS]{check: checkTLSFiles, fields: []field[NodeTLS]{
	pemFile("cert_file", `"node.pem"`, func(t *NodeTLS) *string { return &t.CertFile }).
		required("this node's certificate, a PEM file", "a file with a certificate"),
	pemFile("key_file", `"node.key"`, func(t *NodeTLS) *string { return &t.KeyFile }).
		required("its private key, a PEM file", "the key of that certificate"),
	pemFile("ca_file", `"ca.pem"`, func(t *NodeTLS) *string { return &t.CAFile }).
		required("the authority that signed the certificates of all nodes, a PEM file", "a file with a certificate"),
}}

// pemFile is a field that is the path of a file. Whether the file is one is for Load
// to see.
func pemFile[T any](name, example string, target func(*T) *string) field[T] {
	return field[T]{name: name, shape: ofReference(), read: func(r *reader, v value, into *T) {
		text, ok := r.reference(v, example)
		switch {
		case ok && strings.TrimSpace(text) == "":
			r.fault(v.line, v.at, "must not be empty; write the path of a PEM file, such as %s", example)
		case ok:
			*target(into) = text
		}
	}}
}

func checkTLSFiles(r *reader, table value, has given, into *NodeTLS) {
	complete := true
	for _, f := range []string{"cert_file", "key_file", "ca_file"} {
		if _, ok := has[f]; !ok {
			complete = false
			r.fault(table.line, table.at.key(f), `is missing; cert_file, key_file and ca_file belong together, and "bifrost certs" makes them`)
		}
	}
	if complete && into.CertFile != "" && into.KeyFile != "" && into.CAFile != "" {
		r.pairs = append(r.pairs, keyPair{has["cert_file"], has["key_file"], into.CertFile, into.KeyFile})
		ca := has["ca_file"]
		r.caFiles = append(r.caFiles, caFile{ca.line, ca.at, into.CAFile})
	}
}

// keyPair is a certificate and its key, and where the file names them.
type keyPair struct {
	cert, key         value
	certFile, keyFile string
}

// check sees that the certificate and the key belong together. Its messages have
// nothing of what is in the files.
func (f keyPair) check(r *reader) {
	cert, err := readPEM(f.certFile)
	if err == nil && !hasBlock(cert, "CERTIFICATE") {
		err = errors.New("has no certificate in PEM form; name the file of the certificate")
	}
	if err != nil {
		r.fault(f.cert.line, f.cert.at, "%v", err)
	}
	key, keyErr := readPEM(f.keyFile)
	if keyErr == nil && err == nil {
		if _, pairErr := tls.X509KeyPair(cert, key); pairErr != nil {
			keyErr = errors.New("is not the private key of the certificate in cert_file; name the file that was made with it")
		}
	}
	if keyErr != nil {
		r.fault(f.key.line, f.key.at, "%v", keyErr)
	}
}

const maxPEMBytes = 1 << 20

func readPEM(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("is no file; name a PEM file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.New("cannot be opened; name a PEM file that this process may read")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEMBytes+1))
	switch {
	case err != nil:
		return nil, errors.New("cannot be read; name a PEM file that this process may read")
	case len(text) > maxPEMBytes:
		return nil, errors.New("is larger than 1 MiB; name a PEM file")
	}
	return text, nil
}

// hasBlock reports whether text has a PEM block of that type.
func hasBlock(text []byte, kind string) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == kind {
			return true
		}
	}
	return false
}
