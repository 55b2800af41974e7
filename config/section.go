package config

import "strings"

// section is the keys of one table, how each is read into a T, and what the documents
// say of it. The sections are the whole knowledge of the file's structure: unknown
// keys, suggestions, the JSON Schema and the documents all go by them.
type section[T any] struct {
	fields []field[T]

	// check looks at what concerns several keys, or a key that is missing. It runs
	// after the fields; it may be nil.
	check func(r *reader, table value, given given, into *T)

	// also are rules of JSON Schema beside those that follow from the fields.
	also []any
}

// field is one key of a section.
type field[T any] struct {
	name  string
	read  func(r *reader, v value, into *T)
	shape shape         // of a plain value
	about about         // of a plain value
	below func() layout // of a table of its own; nil for a plain value
}

// custom is a field with a reader of its own.
func custom[T any](name string, s shape, read func(r *reader, v value, into *T)) field[T] {
	return field[T]{name: name, shape: s, read: read}
}

// doc says what the key means and what its absence means; must has its bounds where
// those of its shape are not enough.
func (f field[T]) doc(def, means string, must ...string) field[T] {
	f.about.def, f.about.means, f.about.must = def, means, strings.Join(must, "")
	return f
}

// required says what a key means that must be there.
func (f field[T]) required(means string, must ...string) field[T] {
	f = f.doc("", means, must...)
	f.about.required = true
	return f
}

// needs says that the key has others beside it.
func (f field[T]) needs(others ...string) field[T] {
	f.about.needs = others
	return f
}

// value is a node and its path.
type value struct {
	*node
	at path
}

// member returns the member of that name, when v is a table that has it.
func (v value) member(name string) (value, bool) {
	if v.node == nil {
		return value{}, false
	}
	for _, m := range v.members {
		if m.name == name {
			return value{m.node, v.at.key(name)}, true
		}
	}
	return value{}, false
}

// given holds the keys that a table has, by name.
type given map[string]value

// read reads the table v. Whatever is wrong becomes a fault of r.
func (s section[T]) read(r *reader, v value, into *T) {
	if !r.want(v, kindTable, "") {
		return
	}
	has := given{}
	for _, m := range v.members {
		child := value{m.node, v.at.key(m.name)}
		f := s.field(m.name)
		if f == nil {
			r.unknown(child, m.name, s.names())
			continue
		}
		has[m.name] = child
		f.read(r, child, into)
	}
	if s.check != nil {
		s.check(r, v, has, into)
	}
}

func (s section[T]) field(name string) *field[T] {
	for i := range s.fields {
		if s.fields[i].name == name {
			return &s.fields[i]
		}
	}
	return nil
}

func (s section[T]) names() []string {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.name)
	}
	return names
}

// layout returns the keys without what reads them.
func (s section[T]) layout() layout {
	out := layout{also: s.also}
	for _, f := range s.fields {
		k := outline{name: f.name, shape: f.shape, about: f.about}
		if f.below != nil {
			below := f.below()
			k.below = &below
		}
		out.keys = append(out.keys, k)
	}
	return out
}

// list returns the layout of a list of such tables.
func (s section[T]) list() layout {
	l := s.layout()
	l.form = listed
	return l
}

// byName is for a field's below: such tables under names that match a pattern.
func (s section[T]) byName(pattern string) func() layout {
	return func() layout {
		l := s.layout()
		l.form, l.names = named, pattern
		return l
	}
}

// nested is a field that is a table of its own.
func nested[T, U any](name string, s section[U], target func(*T) *U) field[T] {
	return field[T]{
		name:  name,
		below: s.layout,
		read:  func(r *reader, v value, into *T) { s.read(r, v, target(into)) },
	}
}

// optional is a field that is a table of its own, for which there is nothing when it is
// not given. Empty makes what it begins with.
func optional[T, U any](name string, s section[U], empty func() *U, target func(*T) **U) field[T] {
	return field[T]{
		name:  name,
		below: s.layout,
		read: func(r *reader, v value, into *T) {
			u := empty()
			*target(into) = u
			s.read(r, v, u)
		},
	}
}
