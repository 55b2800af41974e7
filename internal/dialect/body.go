package dialect

import (
	"bytes"
	"mime"
	"net/http"
	"slices"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/schemas"
)

// IsJSON reports whether a header says that its body is JSON.
func IsJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (media == "application/json" || bytes.HasSuffix([]byte(media), []byte("+json")))
}

// BodyModel returns the top-level field "model" of a body in JSON, or "".
func BodyModel(raw *schemas.RawRequest) string {
	if !IsJSON(raw.Header) {
		return ""
	}
	return gjson.GetBytes(raw.Body, "model").String()
}

// WithBodyModel returns raw with another model in its body; nothing else of it
// changes, and the body of raw is not modified. A body that names none stays as it is.
func WithBodyModel(raw *schemas.RawRequest, model string) *schemas.RawRequest {
	if !IsJSON(raw.Header) {
		return raw
	}
	at := gjson.GetBytes(raw.Body, "model")
	if at.Type != gjson.String || at.Index == 0 || at.Str == model {
		return raw
	}
	body := make([]byte, 0, len(raw.Body)+len(model)+8)
	body = append(body, raw.Body[:at.Index]...)
	body = gjson.AppendJSONString(body, model)
	body = append(body, raw.Body[at.Index+len(at.Raw):]...)
	out := *raw
	out.Body = body
	return &out
}

// BodyFallbacks reads the top-level field "fallbacks" of a body in JSON: a list of
// "provider/model", or of objects with provider and model. It returns the call
// without the field; raw itself if it has none.
func BodyFallbacks(raw *schemas.RawRequest) (*schemas.RawRequest, []schemas.Fallback, error) {
	if !bytes.Contains(raw.Body, []byte(`"fallbacks"`)) || !IsJSON(raw.Header) {
		return raw, nil, nil
	}
	list := gjson.GetBytes(raw.Body, "fallbacks")
	if !list.Exists() {
		return raw, nil, nil
	}
	var out []schemas.Fallback
	for _, v := range list.Array() {
		f := schemas.Fallback{Model: v.Str}
		if v.IsObject() {
			f = schemas.Fallback{Provider: v.Get("provider").String(), Model: v.Get("model").String()}
		}
		if f.Model == "" || !list.IsArray() {
			return nil, nil, BadRequest(`the field fallbacks must be a list of "provider/model"; correct it`)
		}
		out = append(out, f)
	}
	body, err := sjson.DeleteBytes(slices.Clone(raw.Body), "fallbacks")
	if err != nil {
		return nil, nil, BadRequest("the body is not a JSON object; correct it")
	}
	without := *raw
	without.Body = body
	return &without, out, nil
}

// Untranslatable is the error for a call that has no canonical form.
func Untranslatable(path string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: "calls of " + path + " are not translated to the provider's dialect; use a provider that speaks the caller's"}
}
