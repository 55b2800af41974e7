package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// otherOperation passes on an operation that has no route of its own: to the provider
// of its model or, if it names none, to the one that provider finds.
func (g *Gateway) otherOperation(prefix string) endpoint {
	return func(x *exchange) error {
		path := strings.TrimPrefix(x.r.URL.EscapedPath(), prefix)
		if strings.HasSuffix(path, "/") || x.face.disguises(path) || !x.face.takes(x.r.Method, path) {
			return x.face.unknownPath()
		}
		check := checkJSONOrForm
		if x.r.ContentLength == 0 {
			check = checkPlain // there is no body
		}
		raw, err := g.readCall(x, path, check)
		if err != nil {
			return err
		}
		sight := x.face.codec.Look(raw)
		x.stored = sight.Stored
		switch named, err := x.face.namesModel(raw, sight.Operation); {
		case err != nil:
			return err
		case named:
			if err := g.mayKeepFor(x.member, x.face.Model(raw), sight.Operation); err != nil {
				return err
			}
			return g.pass(x, raw)
		}
		if x.provider, err = g.provider(x, sight.Operation); err != nil {
			return err
		}
		if err := x.member.mayKeep(x.provider); err != nil {
			return err
		}
		return x.forward(func(ctx context.Context) (*schemas.Response, error) {
			return g.client.RawRequest(ctx, x.provider, "", raw)
		})
	}
}

// disguises reports whether an operation is written with escapes that it does not
// need: an upstream may take it for one that is watched under its plain name.
func (f *face) disguises(operation string) bool {
	plain, err := url.PathUnescape(operation)
	return err != nil || plain != operation && f.watches(plain) && f.operationOf(plain) != f.operationOf(operation)
}

// takes reports whether a path may be asked for with a method. What makes something of
// a body is asked for with POST only.
func (f *face) takes(method, path string) bool {
	switch method {
	case http.MethodPost:
		return true
	case http.MethodGet, http.MethodDelete:
		switch f.operationOf(path) {
		case "":
			return f.open
		case schemas.OperationFiles, schemas.OperationBatches:
			return true
		case schemas.OperationResponses:
			return path != openai.PathResponses
		}
	}
	return false
}

// namesModel checks what of a call would be in vain, and reports whether it names a
// model.
func (f *face) namesModel(raw *schemas.RawRequest, op schemas.Operation) (bool, error) {
	if raw.Method != http.MethodPost {
		return false, nil
	}
	named, err := false, error(nil)
	switch {
	case len(raw.Body) == 0:
	case dialect.IsForm(raw.Header):
		named, err = formNamesModel(raw)
	default:
		named, err = bodyNamesModel(raw.Body)
	}
	if err == nil && !named && needsModel(raw.Path, op) {
		err = badField("model", "the field model is missing; name one as \"provider/model\"")
	}
	return named, err
}

// needsModel reports whether a call of an operation is in vain without a model. Some
// have a default, as images do, or need none.
func needsModel(path string, op schemas.Operation) bool {
	switch op {
	case schemas.OperationCompletion, schemas.OperationEmbeddings, schemas.OperationRerank, schemas.OperationSpeech,
		schemas.OperationTranscription, schemas.OperationTranslation:
		return true
	}
	return path == openai.PathResponses
}

func bodyNamesModel(body []byte) (bool, error) {
	doc, err := parseObject(body)
	if err != nil {
		return false, err
	}
	if err := checkStream(doc); err != nil {
		return false, err
	}
	model, err := doc.only("model")
	if err != nil || !model.Exists() {
		return false, err
	}
	return true, doc.nameModel()
}

func formNamesModel(raw *schemas.RawRequest) (bool, error) {
	models, err := dialect.FormValues(raw.Header, raw.Body, "model")
	switch {
	case err != nil:
		return false, err
	case len(models) > 1:
		return false, badField("model", "the field model is there twice; send it once")
	case len(models) == 1 && len(models[0]) == 0:
		return false, badField("model", "the field model is empty; name one as \"provider/model\"")
	}
	return len(models) == 1, nil
}
