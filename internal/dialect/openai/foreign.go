package openai

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
)

// WithoutForeign returns a call of the Responses API as its caller wrote it without the
// reasoning of earlier answers that came through translation, which the API did not
// encrypt and refuses. A body without it, or that cannot be read, keeps its bytes; body is
// not modified.
func WithoutForeign(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"`+wrapped)) || !dialect.ValidBytes(body) {
		return body
	}
	input := gjson.GetBytes(body, "input")
	if !input.IsArray() {
		return body
	}
	var kept []string
	all := 0
	input.ForEach(func(_, item gjson.Result) bool {
		all++
		if item.Get("type").Str != itemReasoning || !strings.HasPrefix(item.Get("encrypted_content").Str, wrapped) {
			kept = append(kept, item.Raw)
		}
		return true
	})
	if len(kept) == all {
		return body
	}
	out, err := sjson.SetRawBytes(body, "input", []byte("["+strings.Join(kept, ",")+"]"))
	if err != nil {
		return body
	}
	return out
}
