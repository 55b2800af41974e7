package dialect

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Shape is what a codec reads of a call's body: the names of the fields of its objects. A
// nil Shape is of a value of which everything is read, or whose names are the caller's own.
// It is immutable.
type Shape struct{ fields map[string]*Shape }

// ShapeOf returns the shape of what is read into a type: the fields of structs by their
// tags for json, lists as their elements. A type in instead is taken for another one, since
// it reads itself; any other that has no fields is read as a whole.
func ShapeOf(t reflect.Type, instead map[reflect.Type]reflect.Type) *Shape {
	return shapes{instead, map[reflect.Type]*Shape{}}.of(t)
}

type shapes struct {
	instead map[reflect.Type]reflect.Type
	known   map[reflect.Type]*Shape
}

func (s shapes) of(t reflect.Type) *Shape {
	if other := s.instead[t]; other != nil {
		t = other
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return s.of(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	if known, ok := s.known[t]; ok {
		return known
	}
	out := &Shape{fields: map[string]*Shape{}}
	s.known[t] = out // a block may have blocks
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			if within := s.of(f.Type); within != nil {
				maps.Copy(out.fields, within.fields)
			}
		case name != "" && name != "-":
			out.fields[name] = s.of(f.Type)
		}
	}
	if len(out.fields) == 0 {
		s.known[t] = nil
		return nil
	}
	return out
}

// deepest is how far Unread looks into objects within objects, which no call needs.
const deepest = 24

// Unread returns the fields within a body's own fields that its shape does not have, for
// the Dropped of a Translation: as in "tools.function.example", for that of any tool. What
// is null or empty says nothing, and is not named; nor are the body's own fields, which are
// kept with a request. A body that is no JSON has none.
func (s *Shape) Unread(body []byte) []string {
	found := map[string]bool{}
	gjson.ParseBytes(body).ForEach(func(name, v gjson.Result) bool {
		s.fields[name.String()].unread(v, name.String()+".", deepest, found)
		return true
	})
	return slices.Sorted(maps.Keys(found))
}

func (s *Shape) unread(v gjson.Result, path string, depth int, found map[string]bool) {
	if s == nil || depth == 0 || !v.IsObject() && !v.IsArray() {
		return
	}
	list := v.IsArray()
	v.ForEach(func(name, v gjson.Result) bool {
		if list {
			s.unread(v, path, depth-1, found)
			return true
		}
		within, known := s.fields[name.String()]
		switch {
		case known:
			within.unread(v, path+name.String()+".", depth-1, found)
		case saysSomething(v):
			found[path+name.String()] = true
		}
		return true
	})
}

func saysSomething(v gjson.Result) bool {
	if v.IsObject() || v.IsArray() {
		some := false
		v.ForEach(func(_, _ gjson.Result) bool { some = true; return false })
		return some
	}
	return v.Type != gjson.Null && v.Raw != `""`
}
