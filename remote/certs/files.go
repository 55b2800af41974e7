package certs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// maxFileBytes bounds what is read of one file. A bundle of a hundred authorities
// is a fifth of it.
const maxFileBytes = 1 << 20

// Files are the PEM files of one node. All three are needed.
type Files struct {
	// CertFile has the node's certificate, and after it those between it and the
	// authority, if there are any.
	CertFile string

	// KeyFile has the certificate's private key: PKCS#8, PKCS#1 or SEC 1, not
	// encrypted.
	KeyFile string

	// CAFile has the certificates of the authorities whose nodes are peers. With
	// two of them nodes can move from one authority to the next.
	CAFile string
}

// A contents is what the files held when they were read.
type contents struct {
	cert, key, ca []byte

	// openKey says that every user of the machine may read the key.
	openKey bool
}

// digest tells one state of the files from another.
func (c contents) digest() [sha256.Size]byte {
	cert, key, ca := sha256.Sum256(c.cert), sha256.Sum256(c.key), sha256.Sum256(c.ca)
	return sha256.Sum256(append(append(cert[:], key[:]...), ca[:]...))
}

// read reads the files of a node, or of a listener. It returns every fault, one a line.
func (f Files) read(listener bool) (contents, error) {
	var c contents
	var faults [3]error
	var mode fs.FileMode
	c.cert, _, faults[0] = readFile("cert_file", f.CertFile)
	c.key, mode, faults[1] = readFile("key_file", f.KeyFile)
	switch {
	case !listener:
		c.ca, _, faults[2] = readFile("ca_file", f.CAFile)
	case f.CAFile != "":
		c.ca, _, faults[2] = readFile("client_ca_file", f.CAFile)
	}
	c.openKey = mode&0o004 != 0 && runtime.GOOS != "windows" // which has no such modes
	return c, errors.Join(faults[:]...)
}

// readFile reads the file of a setting.
func readFile(setting, path string) ([]byte, fs.FileMode, error) {
	if path == "" {
		return nil, 0, fmt.Errorf("%s is missing: name a PEM file; \"bifrost certs\" makes some", setting)
	}
	data, mode, err := readRegular(path)
	var reason *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, fmt.Errorf("%s %s: %w; correct the path, or make the file with \"bifrost certs\"", setting, path, fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return nil, 0, fmt.Errorf("%s %s: %w; let this process's user read it", setting, path, fs.ErrPermission)
	case errors.As(err, &reason): // which has the path once more
		return nil, 0, fmt.Errorf("%s %s: cannot be read: %w", setting, path, reason.Err)
	case err != nil:
		return nil, 0, fmt.Errorf("%s %s: %w", setting, path, err)
	}
	return data, mode, nil
}

// readRegular reads a regular file that is not too large, so that neither a pipe
// nor a device can hold up or fill the process.
func readRegular(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("is not a regular file; name a PEM file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, 0, err
	}
	if len(data) > maxFileBytes {
		return nil, 0, fmt.Errorf("has more than %d bytes; name a PEM file", maxFileBytes)
	}
	return data, info.Mode(), nil
}
