package azure

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// ofDeployments are the calls with a path below each deployment, in the API with dated
// versions (src/openai/lib/azure.py of github.com/openai/openai-python). All others,
// such as responses, files and batches, are of the v1 API.
var ofDeployments = []string{openai.PathChat, openai.PathCompletions, openai.PathEmbeddings, openai.PathImages, "/images/edits",
	openai.PathSpeech, openai.PathTranscriptions, openai.PathTranslations}

// versionParameter is the query's parameter with the API's version.
const versionParameter = "api-version"

// router knows where a resource's deployments are.
type router struct {
	cfg schemas.AzureConfig
}

// deployment returns the name of a model's deployment.
func (r router) deployment(model string) string { return cmp.Or(r.cfg.Deployments[model], model) }

// isDate reports whether a version is of the API with paths of deployments.
func isDate(version string) bool { return version != "" && version[0] >= '0' && version[0] <= '9' }

// route changes a call's path from its dialect's to the resource's own. A body keeps
// its bytes where the path names the deployment; in the v1 API
// (https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle) the model
// that it names becomes the deployment.
func (r router) route(model string, call *dialect.Call) error {
	version := r.cfg.APIVersion
	named := bodyOf(call)
	model = cmp.Or(model, dialect.BodyModel(named))
	if !isDate(version) || !slices.Contains(ofDeployments, call.Path) {
		if isDate(version) {
			version = ""
		}
		call.Path, call.Query = "/v1"+call.Path, withVersion(call.Query, version)
		if len(r.cfg.Deployments) > 0 {
			call.Body = dialect.WithBodyModel(named, r.deployment(model)).Body
		}
		return nil
	}
	name := r.deployment(model)
	if err := schemas.CheckDeployment(name); err != nil {
		return dialect.BadRequest("the model " + err.Error() + "; correct it, or name its deployment in azure.deployments")
	}
	call.Path = "/deployments/" + url.PathEscape(name) + call.Path
	call.Query = withVersion(call.Query, version)
	return nil
}

// bodyOf returns a call's body as one in JSON, or, if it is none, as a form is, of
// another type.
func bodyOf(call *dialect.Call) *schemas.RawRequest {
	raw := &schemas.RawRequest{Body: call.Body}
	if text := bytes.TrimLeft(call.Body, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		raw.Header = http.Header{"Content-Type": {"application/json"}}
	}
	return raw
}

// withVersion returns a query with the API's version, in place of a caller's own. The
// rest stays as it is written.
func withVersion(query, version string) string {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if part != "" && !strings.EqualFold(name, versionParameter) {
			parts = append(parts, part)
		}
	}
	if version != "" {
		parts = append(parts, versionParameter+"="+url.QueryEscape(version))
	}
	return strings.Join(parts, "&")
}
