package watch

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"syscall"
	"time"
)

// Interval is how often a file is looked at.
const Interval = 500 * time.Millisecond

// maxBytes is how much of a file is looked at; more is no configuration.
const maxBytes = 32 << 20

// File watches one file. It is used by one goroutine.
type File struct {
	path string
	told content // what was told last, or there at first
	seen content // at the last look
}

// content stands for what is in a file; the zero value for one that cannot be read, and
// for a pipe, of which nothing may be taken: its reader would miss it.
type content [sha256.Size]byte

// New returns a File that knows what is at path now.
func New(path string) *File {
	f := &File{path: path}
	f.look()
	f.told = f.seen
	return f
}

// Run calls changed, on its own goroutine, when the file has other content, and looks no
// further meanwhile. It returns when ctx ends.
func (f *File) Run(ctx context.Context, changed func()) {
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if f.changed() {
				changed()
			}
		}
	}
}

// changed looks at the file, and reports whether it has other content than was told, and
// has had it since the last look.
func (f *File) changed() bool {
	before := f.seen
	f.look()
	if f.seen == (content{}) || f.seen == f.told || f.seen != before {
		return false
	}
	f.told = f.seen
	return true
}

// look notes what is in the file.
func (f *File) look() { f.seen = read(f.path) }

func read(path string) content {
	// What was a file at the question may be a pipe by now: opening must not wait for its writer.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return content{}
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return content{}
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(file, maxBytes)); err != nil {
		return content{}
	}
	return content(sum.Sum(nil))
}
