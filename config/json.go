package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"
)

// decodeJSON returns the tree of a JSON document, in which comments and trailing
// commas are allowed. A document that is not JSON has one fault and no tree;
// a name given twice keeps its first value, a number too large is left unread.
func decodeJSON(text string, lines lineTable) (*node, Errors) {
	if strings.TrimSpace(text) == "" {
		return &node{kind: kindTable, line: 1}, nil
	}
	if w := walkJSON(text, len(text)); w.tooDeep() {
		return nil, Errors{{Line: lines.at(w.pos - 1), Key: string(w.path()), Message: tooDeep}}
	}
	// A comment on the last line needs no line end, though the parser wants one.
	v, err := hujson.Parse([]byte(text + "\n"))
	if err != nil {
		return nil, Errors{jsonFault(err, text, lines)}
	}
	d := &jsonDecoder{lines: lines}
	return d.node(v, "", d.lines.at(v.StartOffset)), d.faults
}

type jsonDecoder struct {
	lines  lineTable
	faults Errors
}

func (d *jsonDecoder) fault(line int, at path, message string) {
	d.faults = append(d.faults, &Fault{Line: line, Key: string(at), Message: message})
}

// node returns the tree of v.
func (d *jsonDecoder) node(v hujson.Value, at path, line int) *node {
	n := &node{line: line}
	switch v := v.Value.(type) {
	case *hujson.Object:
		n.kind, n.members = kindTable, d.members(v, at)
	case *hujson.Array:
		n.kind = kindList
		for i, e := range v.Elements {
			n.elements = append(n.elements, d.node(e, at.item(i), d.lines.at(e.StartOffset)))
		}
	case hujson.Literal:
		if !n.literal(v) {
			d.fault(line, at, "is a number too large to read; write a smaller one")
			n.kind = kindUnread
		}
	}
	return n
}

func (d *jsonDecoder) members(object *hujson.Object, at path) []member {
	var members []member
	first := map[string]int{}
	for _, m := range object.Members {
		name := m.Name.Value.(hujson.Literal).String()
		line := d.lines.at(m.Name.StartOffset)
		if before, ok := first[name]; ok {
			d.fault(line, at.key(name), givenTwice(before))
			continue
		}
		first[name] = line
		members = append(members, member{name, d.node(m.Value, at.key(name), line)})
	}
	return members
}

// literal fills n from a JSON literal and reports whether its number fits.
func (n *node) literal(l hujson.Literal) bool {
	var err error
	switch l.Kind() {
	case '"':
		n.kind, n.text = kindText, l.String()
	case 't', 'f':
		n.kind, n.truth = kindTruth, l.Bool()
	case 'n':
		n.kind = kindNull
	default:
		if number := string(l); strings.ContainsAny(number, ".eE") {
			n.kind = kindFraction
			n.fraction, err = strconv.ParseFloat(number, 64)
		} else {
			n.kind = kindWhole
			n.whole, err = strconv.ParseInt(number, 10, 64)
		}
	}
	return err == nil
}

var jsonPosition = regexp.MustCompile(`line (\d+), column (\d+)`)

// jsonFault turns the parser's error into a fault in our own words: its words
// may quote a value, and a value may be a secret.
func jsonFault(err error, text string, lines lineTable) *Fault {
	line, column := 1, 1
	if m := jsonPosition.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		column, _ = strconv.Atoi(m[2])
	}
	offset := len(text)
	if line <= len(lines)+1 {
		offset = min(lines.start(line)+column-1, offset)
	}
	w := walkJSON(text, offset)
	for offset > 0 && offset == len(text) && text[offset-1] == '\n' {
		offset-- // the end of the file is on its last line, not behind it
	}
	message := err.Error()
	if strings.Contains(message, "parsing string") || strings.Contains(message, "parsing comment") {
		offset = w.pos // what does not end is better shown where it begins
	}
	advice := jsonAdvice(message)
	if w.naming && !strings.Contains(message, "EOF") {
		advice = needsName
	}
	return &Fault{Line: lines.at(offset), Key: string(w.path()), Message: advice}
}

const needsName = `needs a name in double quotes, as in "name": value`

// jsonAdvices maps a part of the parser's message to ours. The first match wins.
var jsonAdvices = []struct{ part, advice string }{
	{"invalid literal", `is no value that JSON knows; write "text" in double quotes, a number, true or false`},
	{"comment", "has a comment that does not end; write // comment or /* comment */"},
	{"at start of object name", needsName},
	{"after object name", `has no ":" after the name; write "name": value`},
	{"parsing object after name", `has no ":" after the name; write "name": value`},
	{"after object value", `has no "," or "}" after the value; write one`},
	{"after array value", `has no "," or "]" after the value; write one`},
	{"after top-level value", "has something after the end; a file is one object"},
	{"parsing string", "is text that does not end; close the quotes"},
	{"unexpected EOF", "ends too early; close every { and ["},
	{"at start of value", `has no value; write "text" in double quotes, a number, true or false`},
}

// jsonAdvice says what to write instead, given the parser's message.
func jsonAdvice(message string) string {
	for _, a := range jsonAdvices {
		if strings.Contains(message, a.part) {
			return a.advice
		}
	}
	return "is not JSON; see https://www.json.org for how it is written"
}
