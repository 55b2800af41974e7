package watch_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/cmd/bifrost/internal/watch"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watched runs a watch of path and returns how often it has told of a change.
func watched(t *testing.T, path string) *atomic.Int64 {
	told := new(atomic.Int64)
	f := watch.New(path)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // ends when ctx does
		defer close(done)
		f.Run(ctx, func() { told.Add(1) })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return told
}

// settles waits for as long as a change needs to be told.
func settles() {
	time.Sleep(3 * watch.Interval)
	synctest.Wait()
}

func TestEveryWayToChangeAFileIsToldOnce(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string){
		"written in place": func(t *testing.T, path string) { write(t, path, "two") },
		"replaced, as editors do": func(t *testing.T, path string) {
			write(t, path+".new", "two")
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		},
		"removed and written": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			settles()
			write(t, path, "two")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "f")
				write(t, path, "one")
				told := watched(t, path)
				settles()
				if n := told.Load(); n != 0 {
					t.Fatalf("told %d times before there was a change", n)
				}
				change(t, path)
				settles()
				settles()
				if n := told.Load(); n != 1 {
					t.Errorf("told %d times", n)
				}
			})
		})
	}
}

// Kubernetes writes a new directory and swaps a link to it.
func TestAnExchangeOfTheDirectoryBehindALinkIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		for _, version := range []string{"1", "2"} {
			if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, version, "f"), version)
		}
		link := func(target string) {
			if err := os.Symlink(target, filepath.Join(dir, "new")); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "data")); err != nil {
				t.Fatal(err)
			}
		}
		link("1")
		if err := os.Symlink(filepath.Join("data", "f"), filepath.Join(dir, "f")); err != nil {
			t.Fatal(err)
		}
		told := watched(t, filepath.Join(dir, "f"))
		link("2")
		settles()
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestAFileThatIsBeingWrittenIsToldWhenItIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "")
		told := watched(t, path)
		text := ""
		for range 20 {
			text += "more "
			write(t, path, text)
			time.Sleep(watch.Interval)
			synctest.Wait()
			if n := told.Load(); n != 0 {
				t.Fatalf("told %d times of %q", n, text)
			}
		}
		settles()
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestTheSameContentAgainIsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		told := watched(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		settles()
		write(t, path, "one")
		settles()
		if n := told.Load(); n != 0 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestAFileThatComesLaterIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		told := watched(t, path)
		settles()
		write(t, path, "one")
		settles()
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}
