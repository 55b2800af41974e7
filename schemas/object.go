package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
)

// readObject reads the members of a JSON object into those fields of *out, a struct,
// whose json tags have their names, and returns the others. A member that is null is
// left out; one that has another form than its field is among the others, as it came,
// so that nothing is lost to a provider that writes it in its own way.
func readObject(data []byte, out any) (map[string]json.RawMessage, error) {
	var rest map[string]json.RawMessage
	if err := json.Unmarshal(data, &rest); err != nil {
		return nil, err
	}
	if rest == nil {
		return nil, fmt.Errorf("null is not an object")
	}
	into := reflect.ValueOf(out).Elem()
	for i, name := range jsonNames(into.Type()) {
		raw, there := rest[name]
		if !there || name == "" {
			continue
		}
		field := into.Field(i)
		if string(raw) == "null" || json.Unmarshal(raw, field.Addr().Interface()) == nil || readWhole(raw, field) {
			delete(rest, name)
		} else {
			field.SetZero()
		}
	}
	if len(rest) == 0 {
		return nil, nil
	}
	return rest, nil
}

// readWhole reads a number with a fraction, as some write a time, into an integer.
func readWhole(raw []byte, field reflect.Value) bool {
	var f float64
	if field.Kind() != reflect.Int64 || json.Unmarshal(raw, &f) != nil || math.Abs(f) >= 1<<62 {
		return false
	}
	field.SetInt(int64(f))
	return true
}

// writeObject writes a struct, which has no MarshalJSON of its own, and the further
// members. One replaces what the struct writes itself only where that is empty. The
// needed members are written as given where there are no others of their name.
func writeObject(v any, further map[string]json.RawMessage, needed ...member) ([]byte, error) {
	own, err := json.Marshal(v)
	if err != nil || len(further)+len(needed) == 0 {
		return own, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(own, &all); err != nil {
		return nil, err
	}
	for name, value := range further {
		if isEmpty(all[name]) {
			all[name] = value
		}
	}
	for _, m := range needed {
		if _, there := all[m.name]; !there {
			all[m.name] = json.RawMessage(m.value)
		}
	}
	return json.Marshal(all)
}

// member is a member of an object.
type member struct{ name, value string }

// isEmpty reports whether a value says nothing.
func isEmpty(value json.RawMessage) bool {
	switch string(value) {
	case "", "null", `""`, "0", "false", "[]", "{}":
		return true
	}
	return false
}

var namesOfTypes sync.Map // reflect.Type to []string

// jsonNames returns the names of a struct's fields in JSON, by index; "" for one that
// has none.
func jsonNames(t reflect.Type) []string {
	if names, ok := namesOfTypes.Load(t); ok {
		return names.([]string)
	}
	names := make([]string, t.NumField())
	for i := range names {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			names[i] = name
		}
	}
	namesOfTypes.Store(t, names)
	return names
}

// textOrList reads a string into text, or an array into *list.
func textOrList[T any](data []byte, text *string, list *[]T, what string) error {
	switch kindOf(data) {
	case '"':
		return json.Unmarshal(data, text)
	case '[':
		return json.Unmarshal(data, list)
	}
	return fmt.Errorf("%s must be a string or an array", what)
}

// raw returns a copy of a JSON value that is the caller's to keep.
func raw(data []byte) json.RawMessage { return bytes.Clone(data) }
