package config

// section is the keys of one table and how each is read into a T. The sections
// are the whole knowledge of the file's structure: unknown keys, suggestions and
// the tests of the documents all go by them.
type section[T any] struct {
	fields []field[T]

	// check looks at what concerns several keys, or a key that is missing. It runs
	// after the fields; it may be nil.
	check func(r *reader, table value, given given, into *T)
}

// field is one key of a section.
type field[T any] struct {
	name  string
	read  func(r *reader, v value, into *T)
	below func() []string // paths of the keys below; nil for a plain value
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

// paths returns the dotted path of every key that is a plain value, in order.
func (s section[T]) paths() []string {
	var paths []string
	for _, f := range s.fields {
		if f.below == nil {
			paths = append(paths, f.name)
			continue
		}
		for _, p := range f.below() {
			paths = append(paths, f.name+"."+p)
		}
	}
	return paths
}

// nested is a field that is a table of its own.
func nested[T, U any](name string, s section[U], target func(*T) *U) field[T] {
	return field[T]{
		name:  name,
		below: s.paths,
		read:  func(r *reader, v value, into *T) { s.read(r, v, target(into)) },
	}
}
