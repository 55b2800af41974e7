package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// decodeTOML returns the tree of a TOML document. A document that is not TOML
// has one fault, the first, and no tree.
func decodeTOML(text string, lines lineTable) (*node, Errors) {
	x := scanTOML(text, lines)
	if x.deep != nil {
		return nil, Errors{{Line: x.deep.line, Key: string(x.deep.at.path()), Message: tooDeep}}
	}
	tree, err := parseTOML(text)
	if err != nil {
		return nil, Errors{tomlFault(err, x, len(lines)+1)}
	}
	return tomlNode(tree, x.root, 1), nil
}

// parseTOML decodes text. The decoder panics where it finds its own state to be
// wrong; that too is an error about the file, not the end of the program.
func parseTOML(text string) (tree map[string]any, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the TOML decoder gave up")
		}
	}()
	_, err = toml.Decode(text, &tree)
	return tree, err
}

// tomlNode pairs a decoded value with its place. A value without a place, which
// the tests look for, would have the line of what it stands in.
func tomlNode(v any, at *place, line int) *node {
	if at != nil {
		line = at.line
	} else {
		at = &place{}
	}
	n := &node{line: line}
	switch v := v.(type) {
	case map[string]any:
		n.kind, n.members = kindTable, tomlMembers(v, at, line)
	case []map[string]any:
		n.kind = kindList
		for i, e := range v {
			n.elements = append(n.elements, tomlNode(e, at.element(i), line))
		}
	case []any:
		n.kind = kindList
		for i, e := range v {
			n.elements = append(n.elements, tomlNode(e, at.element(i), line))
		}
	case string:
		n.kind, n.text = kindText, v
	case int64:
		n.kind, n.whole = kindWhole, v
	case float64:
		n.kind, n.fraction = kindFraction, v
	case bool:
		n.kind, n.truth = kindTruth, v
	default:
		n.kind = kindMoment
	}
	return n
}

func tomlMembers(table map[string]any, at *place, line int) []member {
	members := make([]member, 0, len(table))
	for name, v := range table {
		members = append(members, member{name, tomlNode(v, at.members[name], line)})
	}
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.node.line, b.node.line), cmp.Compare(a.name, b.name))
	})
	return members
}

func (p *place) element(i int) *place {
	if i < len(p.elements) {
		return p.elements[i]
	}
	return nil
}

// tomlFault turns the decoder's error into a fault in our own words: its words
// may quote a value, and a value may be a secret.
func tomlFault(err error, x *index, last int) *Fault {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return &Fault{Line: 1, Message: tomlAdvice("")}
	}
	line := min(max(parse.Position.Line, 1), last)
	if strings.Contains(parse.Message, "table name, but got '\\n'") {
		line = max(line-1, 1) // the decoder has read on
	}
	if strings.Contains(parse.Message, "already") && x.twice != nil && x.twice.line == line {
		return &Fault{Line: line, Key: string(x.twice.at.path()), Message: givenTwice(x.twice.before)}
	}
	about := x.markAt(line)
	if strings.Contains(parse.Message, "unexpected EOF") && !about.header {
		line = about.line // what does not end is better shown where it begins
	}
	return &Fault{Line: line, Key: string(about.at.path()), Message: tomlAdvice(parse.Message)}
}

func givenTwice(line int) string {
	return fmt.Sprintf("is given twice, first on line %d; keep one", line)
}

// tomlAdvices maps a part of the decoder's message to ours. The first match wins.
var tomlAdvices = []struct{ part, advice string }{
	{"already", "is already there as something else; give each key and each table once"},
	{"is not a table", "is already there as something else; give each key and each table once"},
	{"expected '.' or ']'", "has a table name that does not end; write [name] or [[name]]"},
	{"table array name", "has a table name that does not end; write [[name]]"},
	{"table names", "has an empty table name; write [name]"},
	{"table separator", "has an empty table name; write [name]"},
	{"key separator", `is not a key with a value; write name = "text" or name = 1`},
	{"expected '.' or '='", `is not a key with a value; write name = "text" or name = 1`},
	{"key name appears blank", `has no name before the "="; write name = value`},
	{"keys cannot start", `begins with a "."; write the name first`},
	{"unexpected '.'", `has two "." in a row; write the name between them`},
	{"unexpected '='", `has no name before the "="; write name = value`},
	{"out of range", "is a number too large to read; write a smaller one"},
	{"escape", `has an escape that TOML does not know; write \\ for a backslash, or use single quotes`},
	{"Escaped", `has an escape that TOML does not know; write \\ for a backslash, or use single quotes`},
	{"hexadecimal digits", `has an escape that TOML does not know; write \\ for a backslash, or use single quotes`},
	{"strings cannot contain newlines", "is text that does not end on its line; close the quotes"},
	{"unexpected EOF; expected value", "has no value, or a list or table that does not end; write the value and close every [ and {"},
	{"unexpected EOF", "is text that does not end; close the quotes"},
	{"control characters", `has a control character; write an escape such as \n`},
	{`unexpected '""""""'`, "has too many quotes; write three at each end"},
	{`unexpected "''''''"`, "has too many quotes; write three at each end"},
	{"unexpected comma", "has a comma with no value before it; remove it"},
	{"array terminator", `is a list that does not end; write "," between values and "]" after the last`},
	{"inline table terminator", `is an inline table that does not end; write "," between keys and "}" after the last`},
	{"datetime", "is not a date; put text in quotes"},
	{"nteger", "is not a number; write digits without a leading zero, such as 20, and put text in quotes"},
	{"float", "is not a number; write digits with a point between them, such as 0.5, and put text in quotes"},
	{" number", "is not a number; write one such as 20, and put text in quotes"},
	{"a digit", "is not a number; write one such as 20, and put text in quotes"},
	{"top-level item to end", "has something after its value; write one key on a line, and put text in quotes"},
	{"expected value", `has no value that TOML knows; put text in quotes, as in "text"`},
}

// tomlAdvice says what to write instead, given the decoder's message.
func tomlAdvice(message string) string {
	for _, a := range tomlAdvices {
		if strings.Contains(message, a.part) {
			return a.advice
		}
	}
	return "is not TOML; see https://toml.io/en/v1.0.0 for how it is written"
}
