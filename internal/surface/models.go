package surface

import (
	"net/http"
	"net/url"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// pathModels is where every dialect of callers lists the models, and has each below.
const pathModels = "/models"

// Translate reads a raw call in its dialect. Unlike a dialect's own Translate it knows
// the calls for the list of models and for one of them, which are the same in all.
func Translate(raw *schemas.RawRequest) (dialect.Translation, error) {
	s := Of(raw.Dialect)
	if raw.Method != http.MethodGet {
		return s.Translate(raw)
	}
	if raw.Path == pathModels {
		return &modelCall{surface: s}, nil
	}
	rest, ok := strings.CutPrefix(raw.Path, pathModels+"/")
	id, err := url.PathUnescape(rest)
	if !ok || err != nil || id == "" {
		return s.Translate(raw)
	}
	return &modelCall{surface: s, id: id}, nil
}

// modelCall is a call for the models, or for the one with the id. One model is looked up
// in the list, which every provider that has models has.
type modelCall struct {
	surface dialect.Surface
	id      string
}

// Request implements dialect.Translation.
func (c *modelCall) Request() *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationListModels}
}

// Encode implements dialect.Translation.
func (c *modelCall) Encode(resp *schemas.Response) (header http.Header, body []byte, err error) {
	if c.id == "" {
		body, err = c.surface.Models(resp.Models)
	} else {
		body, err = c.one(resp.Models)
	}
	return http.Header{"Content-Type": {"application/json"}}, body, err
}

func (c *modelCall) one(list *schemas.ModelList) ([]byte, error) {
	for _, m := range list.Data {
		if m.ID == c.id {
			return c.surface.OneModel(m)
		}
	}
	return nil, &schemas.Error{Kind: schemas.KindNotFound, Model: c.id, Message: "the provider does not list this model; see the list of models"}
}

// Stream implements dialect.Translation. No list is streamed.
func (c *modelCall) Stream() (dialect.ChunkWriter, string) { return nil, "" }
