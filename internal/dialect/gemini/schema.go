package gemini

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
)

// jsonSchema returns a schema of OpenAPI's form, which the dialect took first, as JSON
// Schema: types in lower case, "nullable" as a type of its own, counts as numbers. What
// only orders or illustrates is left out. A JSON Schema stays what it is.
func jsonSchema(schema json.RawMessage) json.RawMessage {
	v := gjson.ParseBytes(schema)
	if !v.IsObject() {
		return schema
	}
	return appendSchema(nil, v)
}

func appendSchema(dst []byte, v gjson.Result) []byte {
	if !v.IsObject() { // such as "items": true
		return append(dst, v.Raw...)
	}
	w := schemaWriter{nullable: v.Get("nullable").Type == gjson.True}
	v.ForEach(func(name, value gjson.Result) bool {
		w.field(name.String(), value)
		return true
	})
	if w.nullable && !w.typed && w.choices {
		// Without a type, null is one more of the choices.
		return append(append(append(dst, `{"anyOf":[{`...), w.fields...), `},{"type":"null"}]}`...)
	}
	return append(append(append(dst, '{'), w.fields...), '}')
}

// schemaWriter writes one schema.
type schemaWriter struct {
	fields   []byte
	nullable bool
	typed    bool // a type was written
	choices  bool // alternatives were written
}

// field writes a field of the schema; unknown ones stay as they are.
func (w *schemaWriter) field(given string, v gjson.Result) {
	switch name := camel(given); name {
	case "nullable", "propertyOrdering", "example":
	case "type":
		if text := schemaType(v, w.nullable); text != "" {
			w.typed = true
			w.add(name, []byte(text))
		}
	case "format":
		if v.String() != "enum" {
			w.add(name, []byte(v.Raw))
		}
	case "enum":
		w.add(name, enumValues(v, w.nullable))
	case "properties", "$defs", "prefixItems", "anyOf", "oneOf", "allOf":
		w.choices = w.choices || name == "anyOf"
		w.add(name, appendEach(nil, v))
	case "defs":
		w.add("$defs", appendEach(nil, v))
	case "ref":
		w.add("$ref", []byte(strings.Replace(v.Raw, `"#/defs/`, `"#/$defs/`, 1)))
	case "items", "additionalProperties", "not":
		w.add(name, appendSchema(nil, v))
	case "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties":
		w.add(name, []byte(number(v)))
	default:
		w.add(given, []byte(v.Raw))
	}
}

func (w *schemaWriter) add(name string, value []byte) {
	if len(w.fields) > 0 {
		w.fields = append(w.fields, ',')
	}
	w.fields = append(gjson.AppendJSONString(w.fields, name), ':')
	w.fields = append(w.fields, value...)
}

// schemaType returns a type in JSON Schema's words, or "" for one that says nothing.
func schemaType(v gjson.Result, nullable bool) string {
	if v.Type != gjson.String {
		return v.Raw
	}
	name := strings.ToLower(v.Str)
	if name == "type_unspecified" {
		return ""
	}
	quoted := string(gjson.AppendJSONString(nil, name))
	if nullable && name != "null" {
		return "[" + quoted + `,"null"]`
	}
	return quoted
}

// enumValues returns the values of an enum, with null if it may be one of them.
func enumValues(v gjson.Result, nullable bool) []byte {
	raw := []byte(strings.TrimSpace(v.Raw))
	isNull := func(v gjson.Result) bool { return v.Type == gjson.Null }
	if !nullable || !v.IsArray() || slices.ContainsFunc(v.Array(), isNull) {
		return raw
	}
	if len(v.Array()) == 0 {
		return []byte("[null]")
	}
	return append(raw[:len(raw)-1], ",null]"...)
}

// appendEach writes the schemas in an object or a list.
func appendEach(dst []byte, v gjson.Result) []byte {
	open, end := byte('['), byte(']')
	switch {
	case v.IsObject():
		open, end = '{', '}'
	case !v.IsArray():
		return append(dst, v.Raw...)
	}
	dst = append(dst, open)
	first := true
	v.ForEach(func(name, each gjson.Result) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if open == '{' {
			dst = append(append(dst, name.Raw...), ':')
		}
		dst = appendSchema(dst, each)
		return true
	})
	return append(dst, end)
}

// number returns a count as a number: in JSON the API writes large ones as text.
func number(v gjson.Result) string {
	if v.Type == gjson.String && dialect.ValidText(v.Str) && gjson.Parse(v.Str).Type == gjson.Number {
		return v.Str
	}
	return v.Raw
}
