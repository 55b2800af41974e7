package config

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"bifrost/schemas"
)

// reader turns nodes into Go values and collects what is wrong with them.
type reader struct {
	lookup func(string) (string, bool)
	types  []Type   // known types; nil: not checked
	known  []string // every path of the file's structure
	format Format
	faults Errors

	caFiles   []caFile
	pairs     []keyPair
	nodes     nodeReading
	hashes    []hashAt // of clients' keys
	overflows []value  // where a provider sends its overflow to other nodes
}

func (r *reader) fault(line int, at path, format string, args ...any) {
	r.faults = append(r.faults, &Fault{Line: line, Key: string(at), Message: fmt.Sprintf(format, args...)})
}

// want reports whether v is of kind k, and makes a fault when it is not. The
// example, if any, is what a right value looks like.
func (r *reader) want(v value, k kind, example string) bool {
	if v.kind == k {
		return true
	}
	if v.kind != kindUnread {
		if example != "" {
			example = ", such as " + example
		}
		r.fault(v.line, v.at, "must be %s%s, not %s", r.called(k), example, r.called(v.kind))
	}
	return false
}

// called names a kind in the words of the file's format.
func (r *reader) called(k kind) string {
	if k == kindTable && r.format == JSON {
		return "an object"
	}
	return k.String()
}

// wholeBounds is what a whole number may be. Otherwise says what to do when the
// number is not wanted, such as "leave it out for the default of 10".
type wholeBounds struct {
	least     int64
	most      int64 // 0: no such bound
	otherwise string
	example   string // empty: 20
	unit      string // what is counted, for the documents
}

func atLeastOne(unit, otherwise string) wholeBounds {
	return wholeBounds{least: 1, otherwise: otherwise, unit: unit}
}

// aSize is what a number of workers, places or pooled objects may be.
func aSize(unit, otherwise string) wholeBounds {
	return wholeBounds{least: 1, most: schemas.MaxSize, otherwise: otherwise, unit: unit}
}

func (r *reader) whole(v value, b wholeBounds) (int64, bool) {
	switch {
	case !r.want(v, kindWhole, cmp.Or(b.example, "20")):
	case v.whole < b.least:
		r.fault(v.line, v.at, "must be at least %d; %s", b.least, b.otherwise)
	case b.most > 0 && v.whole > b.most:
		r.fault(v.line, v.at, "must be at most %d; %s", b.most, b.otherwise)
	default:
		return v.whole, true
	}
	return 0, false
}

func whole[T any](name string, b wholeBounds, target func(*T) *int) field[T] {
	return field[T]{name: name, shape: b.shape(), read: func(r *reader, v value, into *T) {
		n, ok := r.whole(v, b)
		if ok && n > math.MaxInt {
			r.fault(v.line, v.at, "is too large; write a smaller number")
		} else if ok {
			*target(into) = int(n)
		}
	}}
}

func (r *reader) fraction(v value) (float64, bool) {
	if v.kind == kindWhole {
		return float64(v.node.whole), true
	}
	if v.kind != kindFraction {
		if v.kind != kindUnread {
			r.fault(v.line, v.at, "must be a number, such as 1.0, not %s", r.called(v.kind))
		}
		return 0, false
	}
	return v.node.fraction, true
}

// positive is a field that is a number above zero. Otherwise is as in wholeBounds.
func positive[T any](name, otherwise string, target func(*T) *float64) field[T] {
	return field[T]{name: name, shape: ofPositive(), read: func(r *reader, v value, into *T) {
		n, ok := r.fraction(v)
		if ok && (!(n > 0) || math.IsInf(n, 1)) {
			r.fault(v.line, v.at, "must be a number above 0; %s", otherwise)
		} else if ok {
			*target(into) = n
		}
	}}
}

// share is a field that is a number from 0 to 1.
func share[T any](name string, target func(*T) *float64) field[T] {
	return field[T]{name: name, shape: ofShare(), read: func(r *reader, v value, into *T) {
		n, ok := r.fraction(v)
		if ok && !(n >= 0 && n <= 1) {
			r.fault(v.line, v.at, "must be a share from 0 to 1, such as 0.05")
		} else if ok {
			*target(into) = n
		}
	}}
}

func truth[T any](name string, set func(into *T, v bool)) field[T] {
	return field[T]{name: name, shape: ofTruth(), read: func(r *reader, v value, into *T) {
		if r.want(v, kindTruth, "") {
			set(into, v.truth)
		}
	}}
}

// duration is a field that is text such as "500ms" and above zero. Otherwise is
// as in wholeBounds.
func duration[T any](name, otherwise string, target func(*T) *time.Duration) field[T] {
	return field[T]{name: name, shape: ofDuration("above 0"), read: func(r *reader, v value, into *T) {
		d, ok := r.duration(v)
		if ok && d <= 0 {
			r.fault(v.line, v.at, "must be longer than 0; %s", otherwise)
		} else if ok {
			*target(into) = d
		}
	}}
}

// durationOrZero is a duration for which zero means no time at all.
func durationOrZero[T any](name string, target func(*T) *time.Duration) field[T] {
	return field[T]{name: name, shape: ofDuration("at least `\"0s\"`"), read: func(r *reader, v value, into *T) {
		d, ok := r.duration(v)
		if ok && d < 0 {
			r.fault(v.line, v.at, `must not be negative; write "0s" for none`)
		} else if ok {
			*target(into) = d
		}
	}}
}

func (r *reader) duration(v value) (time.Duration, bool) {
	switch v.kind {
	case kindWhole, kindFraction:
		r.fault(v.line, v.at, `needs a unit; write text such as "5s" or "500ms"`)
		return 0, false
	}
	if !r.want(v, kindText, `"5s"`) {
		return 0, false
	}
	d, err := time.ParseDuration(v.text)
	if err != nil {
		r.fault(v.line, v.at, `is not a duration; write a number and a unit (ms, s, m, h), such as "500ms" or "1m30s"`)
		return 0, false
	}
	return d, true
}

// names is a field that is a list of names, none empty and none twice.
func names[T any](name, example string, target func(*T) *[]string) field[T] {
	return field[T]{name: name, shape: listOf(ofText(), 0, "names, none empty or twice"), read: func(r *reader, v value, into *T) {
		if !r.want(v, kindList, "["+example+"]") {
			return
		}
		first := map[string]int{}
		for i, e := range v.elements {
			e := value{e, v.at.item(i)}
			if !r.want(e, kindText, example) {
				continue
			}
			before, again := first[e.text]
			switch {
			case strings.TrimSpace(e.text) == "":
				r.fault(e.line, e.at, "must not be empty; write a name such as %s, or remove it", example)
			case again:
				r.fault(e.line, e.at, "%s", givenTwice(before))
			default:
				first[e.text] = e.line
				*target(into) = append(*target(into), e.text)
			}
		}
	}}
}
