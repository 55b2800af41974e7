package anthropic

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
)

// WithoutForeign returns a body as its caller wrote it without the thinking of other
// providers that earlier answers had: wrapped blocks, and thinking that has no signature,
// which the API refuses. A message of nothing else is left out. A body without these, or
// that cannot be read, keeps its bytes; body is not modified.
func WithoutForeign(body []byte) []byte {
	if !hasForeign(body) || !dialect.ValidBytes(body) {
		return body
	}
	var messages []string
	changed := false
	for _, m := range gjson.GetBytes(body, "messages").Array() {
		blocks := m.Get("content")
		var kept []string
		all := 0
		if blocks.IsArray() && m.Get("role").Str == roleAssistant {
			blocks.ForEach(func(_, b gjson.Result) bool {
				if all++; !foreign(b) {
					kept = append(kept, b.Raw)
				}
				return true
			})
		}
		switch {
		case len(kept) == all:
			messages = append(messages, m.Raw)
			continue
		case len(kept) > 0:
			raw, err := sjson.SetRaw(m.Raw, "content", "["+strings.Join(kept, ",")+"]")
			if err != nil {
				return body
			}
			messages = append(messages, raw)
		}
		changed = true
	}
	if !changed {
		return body
	}
	out, err := sjson.SetRawBytes(body, "messages", []byte("["+strings.Join(messages, ",")+"]"))
	if err != nil {
		return body
	}
	return out
}

// hasForeign reports whether a body may have such thinking; to look for a few words takes
// no time to speak of. An empty signature is written in one of two ways.
func hasForeign(body []byte) bool {
	for _, word := range []string{`"` + wrapped, `"signature":""`, `"signature": ""`} {
		if bytes.Contains(body, []byte(word)) {
			return true
		}
	}
	return false
}

// foreign reports whether a block is thinking that this API did not write.
func foreign(b gjson.Result) bool {
	switch b.Get("type").Str {
	case blockRedacted:
		return strings.HasPrefix(b.Get("data").Str, wrapped)
	case blockThinking:
		signature := b.Get("signature")
		return signature.Type == gjson.String && signature.Str == ""
	}
	return false
}
