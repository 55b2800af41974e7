package vertex

import (
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/gemini"
	"bifrost/schemas"
)

// googles may begin the name of a model of Google's.
var googles = []string{"publishers/google/models/", "google/"}

// plainName returns the name of a model without what tells whose it is.
func plainName(model string) string {
	for _, prefix := range googles {
		model = strings.TrimPrefix(model, prefix)
	}
	return model
}

// google routes a call of Gemini's dialect. A model may be named by itself, as
// "google/…" or "publishers/google/models/…", which other clients of Vertex AI do too,
// or be a tuned one at "endpoints/…".
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
func (r router) google(call *dialect.Call) error {
	rest, ok := strings.CutPrefix(call.Path, gemini.PathModels+"/")
	_, method, called := strings.Cut(rest, ":")
	if !ok || !called {
		return dialect.Untranslatable(call.Path)
	}
	switch method {
	case "batchEmbedContents":
		return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
			Message: "Vertex AI has no batchEmbedContents; ask for one text at a time with embedContent"}
	case "countTokens":
		// Google's other API has these fields one level deeper.
		if inner := gjson.GetBytes(call.Body, "generateContentRequest"); inner.IsObject() {
			call.Body = []byte(inner.Raw)
		}
	}
	if method != "predict" {
		call.Body = gemini.WithoutForeign(withoutStore(withoutCallIDs(call.Body)), plainName(rest))
	}
	rest = plainName(rest)
	if strings.HasPrefix(rest, "endpoints/") {
		call.Path = r.place() + "/" + rest
	} else {
		call.Path = r.publisher("google") + "/models/" + rest
	}
	call.Query = gemini.WithoutKey(call.Query)
	return nil
}
