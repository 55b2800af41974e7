package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of the files: a certificate is public, a key is its owner's.
const (
	certMode fs.FileMode = 0o644
	keyMode  fs.FileMode = 0o600
	dirMode  fs.FileMode = 0o700
)

// A pair is a certificate and its key on their way to disk.
type pair struct {
	certPath, keyPath string
	cert, key         []byte
}

// checkFree refuses to go on if a file of the pair is there already, or is a folder,
// which cannot be replaced.
func (p pair) checkFree(overwrite bool) error {
	for _, path := range []string{p.keyPath, p.certPath} {
		info, err := os.Lstat(path)
		switch {
		case err != nil: // most likely absent; if not, writing will tell
		case info.IsDir():
			return fmt.Errorf("%s: is a folder; move it away, or choose another place with --dir or --name", path)
		case !overwrite:
			return existsError(path)
		}
	}
	return nil
}

func existsError(path string) error {
	return fmt.Errorf("%s: %w; it is replaced only if you ask for that with --overwrite", path, fs.ErrExist)
}

// write writes both files. Existing ones are replaced only if overwrite is set; if it
// is not, a failure leaves neither.
func (p pair) write(overwrite bool) error {
	if err := os.MkdirAll(filepath.Dir(p.certPath), dirMode); err != nil {
		return fmt.Errorf("cannot make the folder: %w; choose another one with --dir", err)
	}
	if overwrite {
		return p.replace()
	}
	if err := create(p.keyPath, p.key, keyMode); err != nil {
		return err
	}
	if err := create(p.certPath, p.cert, certMode); err != nil {
		_ = os.Remove(p.keyPath)
		return err
	}
	return nil
}

// create writes a file that must not be there.
func create(path string, data []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return existsError(path)
	}
	if err == nil {
		if err = fill(file, data, mode); err != nil {
			_ = os.Remove(path)
		}
	}
	if err != nil {
		return writeError(path, err)
	}
	return nil
}

// replace writes both files next to their places and then moves them there, so that
// a node that reads them never sees half of one, and hardly ever two that do not
// go together.
func (p pair) replace() error {
	key, err := stage(p.keyPath, p.key, keyMode)
	if err != nil {
		return err
	}
	defer os.Remove(key) // gone if it was moved
	cert, err := stage(p.certPath, p.cert, certMode)
	if err != nil {
		return err
	}
	defer os.Remove(cert)
	if err := os.Rename(key, p.keyPath); err != nil {
		return writeError(p.keyPath, err)
	}
	if err := os.Rename(cert, p.certPath); err != nil {
		return writeError(p.certPath, err)
	}
	return nil
}

// stage writes a file next to path and returns its name.
func stage(path string, data []byte, mode fs.FileMode) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*.pem") // with mode 0600
	if err != nil {
		return "", writeError(path, err)
	}
	if err := fill(file, data, mode); err != nil {
		_ = os.Remove(file.Name())
		return "", writeError(path, err)
	}
	return file.Name(), nil
}

// fill writes a file to the disk and closes it.
func fill(file *os.File, data []byte, mode fs.FileMode) error {
	_, err := file.Write(data)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

func writeError(path string, err error) error {
	return fmt.Errorf("cannot write %s: %w; make room for it and its folder writable, or choose another folder with --dir", path, err)
}
