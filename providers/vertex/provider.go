package vertex

import (
	"cmp"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/gemini"
	"bifrost/schemas"
)

// Type is the type's name.
const Type = "vertex"

// claude begins the names of Anthropic's models.
const claude = "claude-"

// defaultLocation is where Google serves a call wherever there is room.
const defaultLocation = "global"

// operations are what the models have at Vertex AI, which lists none of a project.
var operations = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationCountTokens,
	schemas.OperationEmbeddings, schemas.OperationRaw}

// Options returns the adapter's options but for name, extra headers and Doer. An empty
// baseURL means the location's own; one of the operator's is without "/v1". signIn is
// NewCredential's.
func Options(cfg schemas.VertexConfig, baseURL string, signIn func(*http.Transport)) (adapter.Options, error) {
	r := router{project: cmp.Or(cfg.Project, os.Getenv("GOOGLE_CLOUD_PROJECT")), location: cmp.Or(cfg.Location, defaultLocation)}
	if !locationName.MatchString(r.location) {
		return adapter.Options{}, errors.New(`vertex.location is not the name of a location; write one like "europe-west4", or "global"`)
	}
	baseURL = strings.TrimSuffix(cmp.Or(baseURL, "https://"+host(r.location)), "/v1")
	return adapter.Options{Type: Type, BaseURL: baseURL + "/v1", Codec: gemini.Codec{}, ModelCodecs: codecs(), Route: r.route,
		Credential: NewCredential(cfg.CredentialsFile, signIn), KeyOptional: true, Operations: operations}, nil
}

// codecs are those of the models that do not speak Gemini's dialect.
func codecs() []adapter.ModelCodec {
	all := []adapter.ModelCodec{{Prefix: claude, Codec: anthropic.Codec{}}}
	for _, prefix := range predictors {
		for _, family := range append(googles, "") {
			all = append(all, adapter.ModelCodec{Prefix: family + prefix, Codec: predict{}})
		}
	}
	return all
}

var locationName = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)

// host returns the host of a location. Those of several regions have names of their
// own (https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations, and
// packages/vertex-sdk of github.com/anthropics/anthropic-sdk-typescript).
func host(location string) string {
	switch location {
	case "global":
		return "aiplatform.googleapis.com"
	case "us", "eu":
		return "aiplatform." + location + ".rep.googleapis.com"
	}
	return location + "-aiplatform.googleapis.com"
}
