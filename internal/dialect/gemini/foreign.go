package gemini

import (
	"bytes"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
)

// wrappedBytes is how a signature that wrap returned begins.
const wrappedBytes = `"Ymlmcm9zdC`

// WithoutForeign returns a body as its caller wrote it without the signatures that are
// other providers' thinking, which the API refuses. A call has instead, for a model that
// asks for one, the word that stands for none. A body without these, or that cannot be
// read, keeps its bytes; body is not modified.
func WithoutForeign(body []byte, model string) []byte {
	if !bytes.Contains(body, []byte(wrappedBytes)) || !dialect.ValidBytes(body) {
		return body
	}
	return dialect.WithElements(body, "contents", func(content gjson.Result) (string, bool) {
		parts := dialect.WithElements([]byte(content.Raw), "parts", func(part gjson.Result) (string, bool) {
			return unsigned(part, model)
		})
		return string(parts), string(parts) != content.Raw
	})
}

// unsigned returns a part without a signature that is none of the dialect's; false if it
// has no such.
func unsigned(part gjson.Result, model string) (string, bool) {
	for _, name := range []string{"thoughtSignature", "thought_signature"} {
		if _, ours := unwrap(part.Get(name).Str); !ours {
			continue
		}
		call := part.Get("functionCall").Exists() || part.Get("function_call").Exists()
		out, err := sjson.Delete(part.Raw, name)
		if call && signing.MatchString(model) {
			out, err = sjson.Set(part.Raw, name, noSignature)
		}
		return out, err == nil
	}
	return "", false
}
