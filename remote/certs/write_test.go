package certs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAFileThatAppearsMeanwhileIsNotReplaced is about two that make the same files at
// once: the check before has found nothing.
func TestAFileThatAppearsMeanwhileIsNotReplaced(t *testing.T) {
	for _, there := range []string{"x.pem", "x-key.pem"} {
		dir := t.TempDir()
		p := pair{filepath.Join(dir, "x.pem"), filepath.Join(dir, "x-key.pem"), []byte("cert"), []byte("key")}
		if err := os.WriteFile(filepath.Join(dir, there), []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.write(false); !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %v", err)
		}
		mustHold(t, dir, map[string]string{there: "theirs"})
	}
}

func TestAFailureLeavesNoFileBehind(t *testing.T) {
	for _, folder := range []string{"x.pem", "x-key.pem"} {
		for _, overwrite := range []bool{false, true} {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
				t.Fatal(err)
			}
			p := pair{filepath.Join(dir, "x.pem"), filepath.Join(dir, "x-key.pem"), []byte("cert"), []byte("key")}
			if err := p.checkFree(overwrite); err == nil || !strings.Contains(err.Error(), folder+": is a folder") {
				t.Errorf("%s: got %v", folder, err)
			}
		}
	}
	dir := t.TempDir()
	p := pair{filepath.Join(dir, "x.pem"), filepath.Join(dir, "no", "x-key.pem"), []byte("cert"), []byte("key")}
	for _, overwrite := range []bool{false, true} {
		if err := p.write(overwrite); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), p.keyPath) {
			t.Errorf("got %v", err)
		}
		mustHold(t, dir, nil)
	}
	p.keyPath, p.certPath = filepath.Join(dir, "x-key.pem"), p.keyPath
	if err := os.WriteFile(filepath.Join(dir, "no"), nil, 0o600); err != nil { // where the folder should be
		t.Fatal(err)
	}
	for _, overwrite := range []bool{false, true} {
		if err := p.write(overwrite); err == nil {
			t.Error("got no error")
		}
		mustHold(t, dir, map[string]string{"no": ""})
	}
}

// mustHold fails unless the folder has these files and no others.
func mustHold(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil || len(found) != len(want) {
		t.Errorf("got %v, %v", found, err)
	}
	for name, content := range want {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != content {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
}
