package config

import (
	"maps"
	"strconv"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// shape is what a plain value looks like, for the documents and the JSON Schema. What
// a shape cannot say, only the reader finds.
type shape struct {
	words  string // the type as the documents have it
	schema object
	must   string // its bounds in words; empty: none
}

func ofText() shape { return shape{words: "text", schema: object{"type": "string"}} }

// ofHostPort is of an address.
func ofHostPort() shape { return ofText().called("text, host:port") }

// ofReference is of text that may name an environment variable instead.
func ofReference() shape { return ofText().called("text, or `\"env.NAME\"`") }

// oneOf is of text that has one of a few values.
func oneOf(values ...string) shape {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "`" + strconv.Quote(v) + "`"
	}
	last := len(quoted) - 1
	return shape{"text", object{"type": "string", "enum": values}, strings.Join(quoted[:last], ", ") + " or " + quoted[last]}
}

// oneText is of text that has a single value.
func oneText(only string) shape { return ofText().like("^" + only + "$") }

func ofTruth() shape { return shape{words: "boolean", schema: object{"type": "boolean"}} }

func (b wholeBounds) shape() shape {
	s := shape{words: "whole number", schema: object{"type": "integer", "minimum": b.least}, must: "at least " + grouped(b.least)}
	if b.unit != "" {
		s.words += ", " + b.unit
	}
	if b.most > 0 {
		s.schema["maximum"] = b.most
		s.must = grouped(b.least) + " to " + grouped(b.most)
	}
	return s
}

// grouped writes a large number with commas.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && n > 9999; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func ofPositive() shape {
	return shape{"number", object{"type": "number", "exclusiveMinimum": 0}, "above 0"}
}

func ofShare() shape {
	return shape{"number", object{"type": "number", "minimum": 0, "maximum": 1}, "0 to 1"}
}

func ofPrice() shape {
	return shape{"number, dollars", object{"type": "number", "minimum": 0}, "at least 0"}
}

const (
	aNumber = `([0-9]+\.?[0-9]*|\.[0-9]+)`
	aUnit   = `(ns|us|µs|μs|ms|s|m|h)`
)

func ofDuration(must string) shape {
	return shape{"duration", object{"type": "string", "pattern": `^\+?(0|(` + aNumber + aUnit + `)+)$`}, must}
}

// listOf is of a list of different values. Least is how many there are at least.
func listOf(s shape, least int, must string) shape {
	schema := object{"type": "array", "items": s.schema, "uniqueItems": true}
	if least > 0 {
		schema["minItems"] = least
	}
	return shape{"list of " + s.words, schema, must}
}

// tableOf is of a table whose names are of the operator's choice.
func tableOf(s shape, must string) shape {
	return shape{"table of " + s.words, object{"type": "object", "additionalProperties": s.schema}, must}
}

// oneOrList is of text, or a list of such texts.
func oneOrList(s shape, must string) shape {
	list := listOf(s, 1, must)
	return shape{s.words + ", or " + list.words, object{"oneOf": []any{s.schema, list.schema}}, must}
}

// called returns the shape under another name.
func (s shape) called(words string) shape {
	s.words = words
	return s
}

// like returns the shape with a pattern for its text, as browsers and editors read one.
func (s shape) like(pattern string) shape {
	s.schema = maps.Clone(s.schema)
	s.schema["pattern"] = pattern
	return s
}
