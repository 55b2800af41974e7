package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	File    string // as it was given to Load or Parse
	Line    int    // from 1; 0 when the file could not be read at all
	Key     string // dotted path, such as providers.openai.keys[0].value; empty for the file as a whole
	Message string // what is wrong and what to write instead; never a value from the file

	cause error
}

// Error returns "file:line: key: message", without the parts that are not known.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		b.WriteString(":" + strconv.Itoa(f.Line))
	}
	b.WriteString(": ")
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// Unwrap returns the operating system's error when the file could not be read,
// so that errors.Is(err, fs.ErrNotExist) works, and nil otherwise.
func (f *Fault) Unwrap() error { return f.cause }

// Errors holds every fault of a file, in the order of their lines. It is never
// empty when returned as an error; find it with errors.As.
type Errors []*Fault

// Error returns one fault a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults, so that errors.Is and errors.As look at each.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, f := range e {
		errs[i] = f
	}
	return errs
}

// sorted returns e as an error: nil when there is no fault.
func (e Errors) sorted() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b *Fault) int { return cmp.Compare(a.Line, b.Line) })
	return e
}
