package gemini

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// tuned begins the names of models that are not below PathModels.
const tuned = "tunedModels/"

// splitCall returns the model and the method of a call. One that reads something has no
// method: a colon in it is the model's own.
func splitCall(raw *schemas.RawRequest) (model, method string) {
	if raw.Method == http.MethodGet {
		return unescaped(afterModels(raw.Path)), ""
	}
	return splitPath(raw.Path)
}

// splitPath returns the model and the method of a path; model is unescaped. Of one that
// names a model only, the method is "".
func splitPath(path string) (model, method string) {
	model = afterModels(path)
	if i := strings.LastIndexByte(model, ':'); i >= 0 {
		model, method = model[:i], model[i+1:]
	}
	return unescaped(model), method
}

// afterModels returns what follows PathModels in a path, or the whole name of a tuned
// model; "" if the path is another.
func afterModels(path string) string {
	if rest, ok := strings.CutPrefix(path, PathModels+"/"); ok {
		return rest
	}
	if strings.HasPrefix(path, "/"+tuned) {
		return path[1:]
	}
	return ""
}

// unescaped returns a part of a path as it was meant; one that is not escaped as it
// should be, as it is.
func unescaped(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		return plain
	}
	return part
}

// pathOf returns the path of a model's method; method may be "".
func pathOf(model, method string) string {
	segments := strings.Split(strings.TrimPrefix(model, namePrefix), "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	path := "/" + strings.Join(segments, "/")
	if !strings.HasPrefix(path, "/"+tuned) {
		path = PathModels + path
	}
	if method != "" {
		path += ":" + method
	}
	return path
}

// nameOf returns the name of a model within a body.
func nameOf(model string) string {
	if strings.HasPrefix(model, tuned) {
		return model
	}
	return namePrefix + strings.TrimPrefix(model, namePrefix)
}

// withModel returns the call of another model: in its path, and where the body names it
// once more.
func withModel(raw *schemas.RawRequest, model string) *schemas.RawRequest {
	old, method := splitCall(raw)
	if old == "" || old == model {
		return raw
	}
	out := *raw
	out.Path = pathOf(model, method)
	if !dialect.IsJSON(raw.Header) {
		return &out
	}
	name := nameOf(model)
	for _, field := range modelFields(raw.Body, method) {
		if body, err := sjson.SetBytes(out.Body, field, name); err == nil {
			out.Body = body // a copy
		}
	}
	return &out
}

// modelFields returns the paths of the fields in which a body names its model.
func modelFields(body []byte, method string) []string {
	fields := []string{"model"}
	switch method {
	case methodCount:
		fields = []string{"generateContentRequest.model", "generate_content_request.model"}
	case methodEmbedAll:
		fields = nil
		for i := range gjson.GetBytes(body, "requests.#").Int() {
			fields = append(fields, "requests."+strconv.FormatInt(i, 10)+".model")
		}
	}
	var there []string
	for _, f := range fields {
		if gjson.GetBytes(body, f).Type == gjson.String {
			there = append(there, f)
		}
	}
	return there
}

// WithoutKey returns a query without the parameters that are credentials; the others
// stay as they are written.
func WithoutKey(query string) string {
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		switch strings.TrimPrefix(name, "$") {
		case "key", "access_token", "oauth_token":
		default:
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// wantsEvents reports whether a query asks for a stream of events.
func wantsEvents(query string) bool {
	values, err := url.ParseQuery(query)
	return err == nil && (values.Get("alt") == "sse" || values.Get("$alt") == "sse")
}
