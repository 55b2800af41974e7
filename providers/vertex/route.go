package vertex

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/schemas"
)

// version is the field "anthropic_version" of Claude's calls, which stands for the
// header of Anthropic's own API (vertex/vertex.go of
// github.com/anthropics/anthropic-sdk-go).
const version = "vertex-2023-10-16"

// router knows where a project's models are.
type router struct {
	project, location string
}

// route changes a call's path from its dialect's to the model's own, and what of its body
// is another at Vertex AI.
func (r router) route(model string, call *dialect.Call) error {
	if r.project == "" {
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "vertex.project is missing; set it, or GOOGLE_CLOUD_PROJECT"}
	}
	if strings.HasPrefix(model, claude) {
		return r.claude(model, call)
	}
	return r.google(call)
}

// place returns the path of the project's location.
func (r router) place() string {
	return "/projects/" + url.PathEscape(r.project) + "/locations/" + url.PathEscape(r.location)
}

// publisher returns the path of a publisher in the project.
func (r router) publisher(name string) string {
	return r.place() + "/publishers/" + name
}

// claude routes a call of the Messages API.
func (r router) claude(model string, call *dialect.Call) error {
	body := slices.Clone(anthropic.WithoutForeign(call.Body))
	var err error
	target := model + ":rawPredict"
	switch call.Path {
	case anthropic.PathMessages:
		if gjson.GetBytes(body, "stream").Type == gjson.True {
			target = model + ":streamRawPredict"
		}
		body, err = sjson.DeleteBytes(body, "model")
	case anthropic.PathCountTokens: // the one place where the model stays in the body
		target = "count-tokens:rawPredict"
		body, err = sjson.SetBytes(body, "model", model)
	default:
		return dialect.Untranslatable(call.Path)
	}
	if err == nil && !gjson.GetBytes(body, "anthropic_version").Exists() {
		body, err = sjson.SetBytes(body, "anthropic_version", version)
	}
	if err != nil || !gjson.ParseBytes(body).IsObject() {
		return dialect.BadRequest("the body is not a JSON object; correct it")
	}
	call.Path = r.publisher("anthropic") + "/models/" + url.PathEscape(target)
	call.Body = body
	return nil
}
