//go:build unix

package watch_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"bifrost/cmd/bifrost/internal/watch"
)

// A shell's <(…) is a pipe: what is read of it here is lost to who reads the configuration.
func TestNothingIsTakenOfAPipeAndItsWriterIsNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	watch.New(path) // nobody writes
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	if _, err := both.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	watch.New(path)
	left := make([]byte, 4)
	if _, err := both.Read(left); err != nil || string(left) != "text" {
		t.Errorf("got %q, %v", left, err)
	}
}
