package dialect

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Union returns names and those of more that are not among them.
func Union(names, more []string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// LeftOut returns those of fields that a body has, for the Dropped of a Translation. A
// field is a path as in "store", or as in "tools.#.strict" for that of any element; it is
// named without the "#". A body that is no JSON has none.
func LeftOut(body []byte, fields ...string) []string {
	var there []string
	for _, field := range fields {
		v := gjson.GetBytes(body, field)
		has := v.Exists() && v.Type != gjson.Null
		if strings.Contains(field, "#") {
			has = slices.ContainsFunc(v.Array(), func(e gjson.Result) bool { return e.Type != gjson.Null })
		}
		if has {
			there = append(there, strings.ReplaceAll(field, "#.", ""))
		}
	}
	return there
}
