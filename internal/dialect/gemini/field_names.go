package gemini

import (
	"regexp"
	"strings"

	"github.com/tidwall/gjson"
)

var (
	snakeField = regexp.MustCompile(`"[a-z]+(_[a-z]+)+"\s*:`)
	snakeName  = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)
)

// callersOwn are the fields within which names are the caller's and not the dialect's.
var callersOwn = map[string]bool{"args": true, "response": true, "labels": true, "parameters": true, "parametersJsonSchema": true,
	"responseSchema": true, "responseJsonSchema": true, "_responseJsonSchema": true}

// camelFields returns a JSON document with the names of the dialect's fields in
// camelCase: the API takes snake_case too. One that has no other is returned itself.
func camelFields(data []byte) []byte {
	if !snakeField.Match(data) {
		return data
	}
	return appendCamel(make([]byte, 0, len(data)), gjson.ParseBytes(data))
}

func appendCamel(dst []byte, v gjson.Result) []byte {
	if !v.IsObject() && !v.IsArray() {
		return append(dst, v.Raw...)
	}
	object, first := v.IsObject(), true
	open, end := byte('['), byte(']')
	if object {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	v.ForEach(func(key, value gjson.Result) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		name := camel(key.String())
		if object {
			dst = append(gjson.AppendJSONString(dst, name), ':')
		}
		if object && callersOwn[name] {
			dst = append(dst, value.Raw...)
		} else {
			dst = appendCamel(dst, value)
		}
		return true
	})
	return append(dst, end)
}

// camel returns a name in camelCase.
func camel(name string) string {
	if !snakeName.MatchString(name) {
		return name
	}
	words := strings.Split(name, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
