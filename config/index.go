package config

import "math"

// index maps the keys of a TOML document to their lines. It is built by scanTOML
// and agrees with the decoder on every document that the decoder accepts.
type index struct {
	root  *place
	marks []mark
	twice *twice // the first key that is defined a second time
	deep  *mark  // the first key or value beyond maxDepth
}

// place is where one key, or one element of a list, stands.
type place struct {
	parent   *place
	name     string
	item     int // place in the parent's list, from 0; -1 for a named key
	line     int
	defined  bool // by "key =" or a header, not only passed through by a longer one
	members  map[string]*place
	elements []*place
}

// mark is a key or header in the order of the text.
type mark struct {
	line   int
	end    int // the last line of its value; endless when the scanner found no end
	at     *place
	header bool
}

const endless = math.MaxInt

type twice struct {
	at     *place
	line   int
	before int
}

// path returns the dotted path from the root.
func (p *place) path() path {
	switch {
	case p.parent == nil:
		return ""
	case p.item >= 0:
		return p.parent.path().item(p.item)
	}
	return p.parent.path().key(p.name)
}

// latest returns the place that a header or dotted key through p continues: p,
// or the last element when p is an array of tables.
func (p *place) latest() *place {
	if n := len(p.elements); n > 0 {
		return p.elements[n-1]
	}
	return p
}

// member returns the place of name below p, making it when it is new.
func (p *place) member(name string, line int) *place {
	if m, ok := p.members[name]; ok {
		return m
	}
	m := &place{parent: p, name: name, item: -1, line: line}
	if p.members == nil {
		p.members = map[string]*place{}
	}
	p.members[name] = m
	return m
}

func (p *place) append(line int) *place {
	e := &place{parent: p, item: len(p.elements), line: line, defined: true}
	p.elements = append(p.elements, e)
	return e
}

// define marks p as given on line, and notes the first that already was.
func (x *index) define(p *place, line int) {
	if p.defined && x.twice == nil {
		x.twice = &twice{at: p, line: line, before: p.line}
	}
	if !p.defined {
		p.line, p.defined = line, true
	}
}

// add appends a mark whose end is not known yet and returns its place in marks.
func (x *index) add(m mark) int {
	m.end = endless
	x.marks = append(x.marks, m)
	return len(x.marks) - 1
}

// markAt returns what a fault on line is about: the last key whose value is on
// it, or else the table that the line is in.
func (x *index) markAt(line int) mark {
	at := mark{line: 1, at: x.root, header: true}
	for _, m := range x.marks {
		if m.line > line {
			break
		}
		if m.header || m.end >= line {
			at = m
		}
	}
	return at
}
