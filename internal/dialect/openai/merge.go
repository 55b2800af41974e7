package openai

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Names of the typed fields, of which the rest of a request is its Extra.
var (
	chatFields      = fieldNames(reflect.TypeFor[schemas.ChatRequest]())
	embeddingFields = fieldNames(reflect.TypeFor[schemas.EmbeddingRequest]())
)

func fieldNames(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			names[name] = true
		}
	}
	return names
}

// decodeRequest reads a request's typed fields into v and returns the others, those
// that v has besides included. A name that differs from one of them in case only is
// another name: it would be read and be among the others too.
func decodeRequest(data []byte, v any, typed map[string]bool, besides ...string) (map[string]json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil || all == nil {
		return nil, dialect.BadRequest("the request's body is not a json object; " + syntaxHint(err))
	}
	exact := maps.Clone(all)
	maps.DeleteFunc(exact, func(name string, _ json.RawMessage) bool {
		return !typed[name] && !slices.Contains(besides, name) && foldsInto(name, typed, besides)
	})
	if len(exact) < len(all) {
		var err error
		if data, err = json.Marshal(exact); err != nil { // it was read as json
			panic("bug: " + err.Error())
		}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return nil, dialect.BadRequest(fieldHint(err))
	}
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool { return typed[name] })
	return all, nil
}

// foldsInto reports whether encoding/json takes name for one of the others.
func foldsInto(name string, typed map[string]bool, besides []string) bool {
	for other := range typed {
		if strings.EqualFold(name, other) {
			return true
		}
	}
	return slices.ContainsFunc(besides, func(other string) bool { return strings.EqualFold(name, other) })
}

// syntaxHint says where a body stops being JSON, without quoting it.
func syntaxHint(err error) string {
	if syntax, ok := err.(*json.SyntaxError); ok {
		return fmt.Sprintf("correct it at byte %d", syntax.Offset)
	}
	return "send one with the fields of the operation"
}

// fieldHint says which field has the wrong type, without quoting its value.
func fieldHint(err error) string {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok && wrong.Field != "" {
		field := strings.TrimPrefix(wrong.Field, "ChatRequest.") // embedded, and no field of the caller's
		return fmt.Sprintf("the field %s has the wrong type (wanted %s); correct it", field, kindName(wrong.Type))
	}
	return "a field of the request has the wrong type; compare it with the operation's description"
}

func kindName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[schemas.Content]():
		return "a string or an array of parts"
	case reflect.TypeFor[schemas.ToolChoice]():
		return "none, auto, required or a function's name"
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "boolean"
	}
	return t.Kind().String()
}
