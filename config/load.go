package config

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// Format is how a file is written.
type Format int

// The formats. Both have the same structure.
const (
	TOML Format = iota
	JSON        // with // and /* */ comments and trailing commas
)

// maxFileBytes bounds what Load reads.
const maxFileBytes = 16 << 20

// pipePatience is how long Load waits for the writer of a pipe.
const pipePatience = 10 * time.Second

// Option changes how a file is read.
type Option func(*options)

type options struct {
	lookup func(string) (string, bool)
	types  []Type
}

// WithLookupEnv makes "env.NAME" references ask lookup instead of os.LookupEnv,
// which is also what nil means.
func WithLookupEnv(lookup func(string) (string, bool)) Option {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	return func(o *options) { o.lookup = lookup }
}

// Type is what a provider of a file may be.
type Type struct {
	Name string

	// NeedsKey tells that it works only with a key, unless the file gives it a
	// base_url of its own.
	NeedsKey bool

	// OwnURL tells that it works only with a base_url of its own, and how one looks.
	OwnURL string

	// Simulated tells that it answers in this process: it has a simulation, which
	// no other type has, and no base_url.
	Simulated bool
}

// WithTypes makes it a fault when a provider's type, or its name where it has no
// type, is not among types, and when a provider lacks what its type needs or has
// what its type does not know. Without it types are not checked.
func WithTypes(types []Type) Option {
	types = slices.SortedFunc(slices.Values(types), func(a, b Type) int { return cmp.Compare(a.Name, b.Name) })
	return func(o *options) { o.types = types }
}

// Load reads the file at path: as JSON when its name ends in .json or .jsonc,
// else as TOML. The error is Errors, with every fault of the file; a file that
// cannot be read has one fault that wraps the operating system's error.
func Load(path string, opts ...Option) (*File, error) {
	data, fault := readFile(path)
	if fault != nil {
		return nil, Errors{fault}
	}
	return parse(path, data, formatOf(path), (*reader).checkFiles, opts)
}

func formatOf(path string) Format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json", ".jsonc":
		return JSON
	}
	return TOML
}

func readFile(path string) ([]byte, *Fault) {
	// A pipe may be named, such as <(…) of a shell, but one without a writer is not waited for.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Fault{File: path, Message: "does not exist; name a configuration file with --config", cause: err}
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.IsDir() {
		return nil, &Fault{File: path, Message: "is a directory; name a file in it, such as " + filepath.Join(path, "bifrost.toml")}
	}
	_ = f.SetReadDeadline(time.Now().Add(pipePatience)) // which only pipes have
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(data) > maxFileBytes {
		return nil, &Fault{File: path, Message: "is larger than 16 MiB; name a configuration file"}
	}
	return data, nil
}

// unreadable leaves out the path of a PathError, which the fault already names.
func unreadable(path string, err error) *Fault {
	reason := err
	var p *fs.PathError
	if errors.As(err, &p) {
		reason = p.Err
	}
	return &Fault{File: path, Message: "cannot be read: " + reason.Error() + "; check the path and its permissions", cause: err}
}

// Parse reads data, which faults call name. The error is Errors, with every fault
// of the file. It looks into no other file, as Load does where one is named.
func Parse(name string, data []byte, format Format, opts ...Option) (*File, error) {
	return parse(name, data, format, func(*reader) {}, opts)
}

func parse(name string, data []byte, format Format, further func(*reader), opts []Option) (*File, error) {
	o := options{lookup: os.LookupEnv}
	for _, opt := range opts {
		opt(&o)
	}
	r := &reader{lookup: o.lookup, types: o.types, format: format}
	root, faults := decode(data, format)
	r.faults = faults
	var f *File
	if root != nil {
		f = bind(r, root, name)
		further(r)
	}
	for _, fault := range r.faults {
		fault.File = name
	}
	if err := r.faults.sorted(); err != nil {
		return nil, err
	}
	return f, nil
}

// decode returns the tree of data in either format.
func decode(data []byte, format Format) (*node, Errors) {
	text := string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	lines := newLineTable(text)
	if i := notText(text); i >= 0 {
		return nil, Errors{{Line: lines.at(i), Message: "is not UTF-8 text; save the file as UTF-8"}}
	}
	if format == JSON {
		return decodeJSON(text, lines)
	}
	return decodeTOML(text, lines)
}

// notText returns the offset of the first byte that is not UTF-8 or is zero, as
// every second byte is in UTF-16; or -1.
func notText(text string) int {
	for i, r := range text {
		if _, size := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 || r == 0 {
			return i
		}
	}
	return -1
}
