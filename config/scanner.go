package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// scanner reads a TOML document for its keys only. It knows where strings,
// comments, lists and tables begin and end, and checks nothing else: the decoder
// does. At the first thing it cannot follow it stops, for the decoder refuses
// the document there.
type scanner struct {
	text  string
	pos   int
	lines lineTable
	index *index
	table *place // the table that keys are added to
}

// scanTOML builds the index of text. It never fails: on a broken document the
// index holds what stands before the break.
func scanTOML(text string, lines lineTable) *index {
	root := &place{item: -1, line: 1, defined: true}
	s := &scanner{text: text, lines: lines, index: &index{root: root}, table: root}
	for s.expression() {
	}
	return s.index
}

// expression reads one header or one "key = value", and says whether to go on.
func (s *scanner) expression() bool {
	s.skipBlank()
	switch {
	case s.pos >= len(s.text):
		return false
	case s.accept("[["):
		return s.header("]]", true) && s.endOfLine()
	case s.accept("["):
		return s.header("]", false) && s.endOfLine()
	}
	return s.assignment(s.table, 0) && s.endOfLine()
}

func (s *scanner) header(end string, list bool) bool {
	line := s.line()
	at, ok := s.key(s.index.root, 0)
	if !ok {
		return false
	}
	if !s.accept(end) {
		s.index.add(mark{line: line, at: at, header: true})
		return false
	}
	if list {
		if len(at.elements) == 0 {
			at.line = line
		}
		at = at.append(line)
	} else {
		s.index.define(at, line)
	}
	s.index.add(mark{line: line, at: at, header: true})
	s.table = at
	return true
}

// assignment reads "key = value" into the table at.
func (s *scanner) assignment(at *place, depth int) bool {
	line := s.line()
	at, ok := s.key(at, depth)
	if !ok || !s.accept("=") {
		return false
	}
	s.index.define(at, line)
	i := s.index.add(mark{line: line, at: at})
	if !s.value(at, depth+1) {
		return false
	}
	s.index.marks[i].end = s.line()
	return true
}

// key reads a key of one or more parts below from, up to what follows it.
func (s *scanner) key(from *place, depth int) (*place, bool) {
	at, line := from, s.line()
	for {
		s.skipSpace()
		name, ok := s.keyPart()
		if !ok {
			return nil, false
		}
		at = at.latest().member(name, line)
		if depth++; depth > maxDepth {
			s.index.deep = &mark{line: line, at: from}
			return nil, false
		}
		s.skipSpace()
		if !s.accept(".") {
			return at, true
		}
	}
}

func (s *scanner) keyPart() (string, bool) {
	begin := s.pos
	switch {
	case s.accept(`"`):
		if !s.closeLine('"', true) {
			return "", false
		}
		return unescaped(s.text[begin:s.pos])
	case s.accept(`'`):
		ok := s.closeLine('\'', false)
		return strings.Trim(s.text[begin:s.pos], "'"), ok
	}
	s.until(" \t\r\n.=]#\"'")
	return s.text[begin:s.pos], s.pos > begin
}

// unescaped returns the text of a quoted key. Escapes are left to the decoder, so
// that the two cannot disagree.
func unescaped(quoted string) (string, bool) {
	if !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1], true
	}
	var v struct{ Key string }
	_, err := toml.Decode("Key = "+quoted, &v)
	return v.Key, err == nil
}

func (s *scanner) value(at *place, depth int) bool {
	if depth > maxDepth {
		s.index.deep = &mark{line: s.line(), at: at}
		return false
	}
	s.skipSpace()
	switch {
	case s.accept(`"""`):
		return s.closeLines(`"""`, true)
	case s.accept(`'''`):
		return s.closeLines(`'''`, false)
	case s.accept(`"`):
		return s.closeLine('"', true)
	case s.accept(`'`):
		return s.closeLine('\'', false)
	case s.accept("["):
		return s.list(at, depth)
	case s.accept("{"):
		return s.inlineTable(at, depth)
	}
	begin := s.pos
	s.until(",]}#\n")
	return s.pos > begin
}

func (s *scanner) list(at *place, depth int) bool {
	for {
		s.skipBlank()
		if s.accept("]") {
			return true
		}
		if !s.value(at.append(s.line()), depth+1) || !s.separator("]") {
			return false
		}
	}
}

func (s *scanner) inlineTable(at *place, depth int) bool {
	for {
		s.skipBlank()
		if s.accept("}") {
			return true
		}
		if !s.assignment(at, depth) || !s.separator("}") {
			return false
		}
	}
}

// separator reads a comma; before end it may be missing.
func (s *scanner) separator(end string) bool {
	s.skipBlank()
	return s.accept(",") || strings.HasPrefix(s.text[s.pos:], end)
}
