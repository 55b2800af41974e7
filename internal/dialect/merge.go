package dialect

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tidwall/gjson"
)

// Merge adds extra's fields to the JSON object body. A field that body has, or
// that reserved names, is left out: extra never overrides.
func Merge(body []byte, extra map[string]json.RawMessage, reserved ...string) ([]byte, error) {
	if len(extra) == 0 {
		return body, nil
	}
	taken := map[string]bool{}
	for _, name := range reserved {
		taken[name] = true
	}
	gjson.ParseBytes(body).ForEach(func(name, _ gjson.Result) bool {
		taken[name.String()] = true
		return true
	})
	body = body[:len(body)-1] // without "}"; body is our own object, without white space
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if taken[name] {
			continue
		}
		if !json.Valid(extra[name]) {
			return nil, BadRequest(fmt.Sprintf("the extra field %q is not valid json; correct it", name))
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, BadRequest("the name of an extra field is not valid; correct it")
		}
		if body[len(body)-1] != '{' {
			body = append(body, ',')
		}
		body = append(body, quoted...)
		body = append(body, ':')
		body = append(body, extra[name]...)
	}
	return append(body, '}'), nil
}
