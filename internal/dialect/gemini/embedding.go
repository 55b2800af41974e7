package gemini

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// embedWire is a request for one vector.
type embedWire struct {
	Model      string       `json:"model,omitempty"`
	Content    *contentWire `json:"content"`
	TaskType   string       `json:"taskType,omitempty"`
	Title      string       `json:"title,omitempty"`
	Dimensions *int         `json:"outputDimensionality,omitempty"`
}

type embedAllWire struct {
	Requests many[embedWire] `json:"requests"`
}

type vectorWire struct {
	Values []float64 `json:"values"`
}

// EncodeEmbedding writes req for model: as a call of embedContent for one input, and of
// batchEmbedContents for more.
func EncodeEmbedding(req *schemas.EmbeddingRequest, model string) (method string, body []byte, dropped []string, err error) {
	one := embedWire{Dimensions: req.Dimensions, Model: nameOf(model)}
	for _, name := range slices.Sorted(maps.Keys(req.Extra)) {
		var text string
		switch err := json.Unmarshal(req.Extra[name], &text); {
		case err == nil && camel(name) == "taskType":
			one.TaskType = text
		case err == nil && name == "title":
			one.Title = text
		case name == "encoding_format": // it is how the caller's dialect writes numbers
		default:
			dropped = append(dropped, name)
		}
	}
	if req.User != "" {
		dropped = append(dropped, "user")
	}
	all := embedAllWire{}
	for _, text := range req.Input {
		each := one
		each.Content = &contentWire{Parts: []partWire{textPart(text)}}
		all.Requests = append(all.Requests, each)
	}
	switch len(all.Requests) {
	case 0:
		return "", nil, nil, dialect.BadRequest("the field input is empty; send a text or more")
	case 1:
		body, err = marshal(&all.Requests[0])
		return methodEmbed, body, dropped, err
	}
	body, err = marshal(&all)
	return methodEmbedAll, body, dropped, err
}

// DecodeEmbeddingResponse reads one vector or many. key is masked in an error that the
// answer may carry instead.
func DecodeEmbeddingResponse(data []byte, model, key string) (*schemas.EmbeddingResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in struct {
		Embedding  *vectorWire  `json:"embedding"`
		Embeddings []vectorWire `json:"embeddings"`
		Usage      *usageWire   `json:"usageMetadata"`
	}
	err := json.Unmarshal(data, &in)
	if in.Embedding != nil {
		in.Embeddings = []vectorWire{*in.Embedding}
	}
	if err != nil || in.Embeddings == nil {
		return nil, dialect.BadAnswer("the answer has no embeddings of Gemini's dialect; check network_config.base_url and the provider's type")
	}
	out := &schemas.EmbeddingResponse{Object: "list", Model: model, Usage: in.Usage.canonical()}
	for i, v := range in.Embeddings {
		out.Data = append(out.Data, schemas.Embedding{Object: "embedding", Index: i, Embedding: v.Values})
	}
	return out, nil
}

// DecodeEmbedding reads a request of method for the vectors of texts.
func DecodeEmbedding(data []byte, model, method string) (*schemas.EmbeddingRequest, error) {
	data = camelFields(data)
	var all embedAllWire
	err := error(nil)
	if method == methodEmbed {
		all.Requests = make([]embedWire, 1)
		err = json.Unmarshal(data, &all.Requests[0])
	} else {
		err = json.Unmarshal(data, &all)
	}
	switch {
	case err != nil:
		return nil, badField(err)
	case model == "":
		return nil, dialect.BadRequest("the path names no model; write it as /models/{model}:" + method)
	case len(all.Requests) == 0:
		return nil, dialect.BadRequest("the field requests is missing or empty; send at least one request")
	}
	req := &schemas.EmbeddingRequest{Model: model, Dimensions: all.Requests[0].Dimensions}
	for i := range all.Requests {
		text, err := embedded(i, &all.Requests[i])
		if err != nil {
			return nil, err
		}
		if d := all.Requests[i].Dimensions; (d == nil) != (req.Dimensions == nil) || d != nil && *d != *req.Dimensions {
			return nil, untranslatable("a different outputDimensionality for each of requests")
		}
		req.Input = append(req.Input, text)
	}
	return req, nil
}

// embedded returns the text of one request.
func embedded(i int, in *embedWire) (string, error) {
	if in.Content == nil || len(in.Content.Parts) == 0 {
		return "", dialect.BadRequest(fmt.Sprintf("requests[%d].content is missing or has no parts; add the text", i))
	}
	text := ""
	for j := range in.Content.Parts {
		p := &in.Content.Parts[j]
		if p.Text == nil {
			return "", untranslatable(fmt.Sprintf("requests[%d].content.parts[%d], which is not text,", i, j))
		}
		text += *p.Text
	}
	return text, nil
}

// EncodeEmbeddingResponse writes vectors in the order of their inputs, as the answer of
// method.
func EncodeEmbeddingResponse(resp *schemas.EmbeddingResponse, method string) ([]byte, error) {
	data := slices.Clone(resp.Data)
	slices.SortStableFunc(data, func(a, b schemas.Embedding) int { return a.Index - b.Index })
	vectors := make([]vectorWire, len(data))
	for i, d := range data {
		if vectors[i].Values = d.Embedding; d.Embedding == nil {
			vectors[i].Values = []float64{}
		}
	}
	if method == methodEmbedAll {
		return answer(struct {
			Embeddings []vectorWire `json:"embeddings"`
			Usage      *usageWire   `json:"usageMetadata,omitempty"`
		}{vectors, usageOf(resp.Usage)})
	}
	if len(vectors) != 1 {
		return nil, dialect.BadAnswer("the provider's answer has not one vector for one text; try again")
	}
	return answer(struct {
		Embedding vectorWire `json:"embedding"`
		Usage     *usageWire `json:"usageMetadata,omitempty"`
	}{vectors[0], usageOf(resp.Usage)})
}
