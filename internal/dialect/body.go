package dialect

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/schemas"
)

// IsJSON reports whether a header says that its body is JSON.
func IsJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (media == "application/json" || bytes.HasSuffix([]byte(media), []byte("+json")))
}

// BodyModel returns the model that a body names in its top-level field "model", if it
// is JSON, or in its only part of that name, if it is a form; else "".
func BodyModel(raw *schemas.RawRequest) string {
	switch {
	case IsJSON(raw.Header):
		return gjson.GetBytes(raw.Body, "model").String()
	case IsForm(raw.Header):
		if at, ok := onlyFormPlace(raw.Header, raw.Body, "model"); ok {
			return string(raw.Body[at.start:at.end])
		}
	}
	return ""
}

// WithBodyModel returns raw with another model in its body; nothing else of it
// changes, and the body of raw is not modified. A body that names none stays as it is.
func WithBodyModel(raw *schemas.RawRequest, model string) *schemas.RawRequest {
	switch {
	case IsJSON(raw.Header):
		at := gjson.GetBytes(raw.Body, "model")
		if at.Type == gjson.String && at.Index != 0 && at.Str != model {
			return withBytes(raw, place{at.Index, at.Index + len(at.Raw)}, gjson.AppendJSONString(nil, model))
		}
	case IsForm(raw.Header):
		at, ok := onlyFormPlace(raw.Header, raw.Body, "model")
		if ok && string(raw.Body[at.start:at.end]) != model {
			return withBytes(raw, at, []byte(model))
		}
	}
	return raw
}

// withBytes returns raw with other bytes at one place of its body. A Content-Length
// that it may have is the sender's to correct.
func withBytes(raw *schemas.RawRequest, at place, with []byte) *schemas.RawRequest {
	body := make([]byte, 0, len(raw.Body)+len(with))
	body = append(body, raw.Body[:at.start]...)
	body = append(body, with...)
	body = append(body, raw.Body[at.end:]...)
	out := *raw
	out.Body = body
	return &out
}

// BodyFallbacks reads the field "fallbacks" of a body: at the top level of JSON, a list of
// "provider/model", or of objects with provider and model; in a form, parts called
// "fallbacks" or "fallbacks[]", of which each is such a list in JSON, or one element of it.
// It returns the call without the field; raw itself if it has none. More than MaxFallbacks
// are of kind invalid_request.
func BodyFallbacks(raw *schemas.RawRequest) (*schemas.RawRequest, []schemas.Fallback, error) {
	switch {
	case !bytes.Contains(raw.Body, []byte("fallbacks")):
		return raw, nil, nil
	case IsForm(raw.Header):
		return formFallbacks(raw)
	case !IsJSON(raw.Header):
		return raw, nil, nil
	}
	list := gjson.GetBytes(raw.Body, "fallbacks")
	if !list.Exists() {
		return raw, nil, nil
	}
	out, err := readFallbacks(list)
	if err != nil {
		return nil, nil, err
	}
	body, err := sjson.DeleteBytes(slices.Clone(raw.Body), "fallbacks")
	if err != nil {
		return nil, nil, BadRequest("the body is not a JSON object; correct it")
	}
	without := *raw
	without.Body = body
	return &without, out, nil
}

// MaxFallbacks is how many fallbacks a request may name: each is a call that one request
// may make.
const MaxFallbacks = 16

func tooManyFallbacks() *schemas.Error {
	return BadRequest("the field fallbacks names more than " + strconv.Itoa(MaxFallbacks) + " models; name fewer")
}

// readFallbacks reads a list of fallbacks.
func readFallbacks(list gjson.Result) ([]schemas.Fallback, error) {
	var out []schemas.Fallback
	for _, v := range list.Array() {
		if len(out) == MaxFallbacks {
			return nil, tooManyFallbacks()
		}
		f := schemas.Fallback{Model: v.Str}
		if v.IsObject() {
			f = schemas.Fallback{Provider: v.Get("provider").String(), Model: v.Get("model").String()}
		}
		if f.Model == "" || !list.IsArray() {
			return nil, BadRequest(`the field fallbacks must be a list of "provider/model"; correct it`)
		}
		out = append(out, f)
	}
	return out, nil
}

// formFallbacks is BodyFallbacks for a form.
func formFallbacks(raw *schemas.RawRequest) (*schemas.RawRequest, []schemas.Fallback, error) {
	without, values, err := cutFormParts(raw.Header, raw.Body, "fallbacks", "fallbacks[]")
	if err != nil {
		return nil, nil, err
	}
	if len(values) == 0 {
		return raw, nil, nil
	}
	var out []schemas.Fallback
	for _, value := range values {
		text := string(bytes.TrimSpace(value))
		switch {
		case strings.HasPrefix(text, "{"):
			text = "[" + text + "]"
		case !strings.HasPrefix(text, "["):
			text = "[" + string(gjson.AppendJSONString(nil, text)) + "]"
		}
		if !ValidText(text) {
			return nil, nil, BadRequest(`the field fallbacks of the form is neither "provider/model" nor a list in JSON; correct it`)
		}
		some, err := readFallbacks(gjson.Parse(text))
		if err != nil {
			return nil, nil, err
		}
		if out = append(out, some...); len(out) > MaxFallbacks {
			return nil, nil, tooManyFallbacks()
		}
	}
	cut := *raw
	cut.Body = without
	return &cut, out, nil
}

// ErrUntranslatable is the cause of Untranslatable's error.
var ErrUntranslatable = errors.New("no canonical form")

// Untranslatable is the error for a call that has no canonical form.
func Untranslatable(path string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation, Err: ErrUntranslatable,
		Message: "calls of " + path + " are not translated to the provider's dialect; use a provider that speaks the caller's"}
}
