package cohere

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// The purposes of an embedding that are assumed. The dialect requires one; another is
// given as an Extra of the name "input_type".
const (
	purposeDocument = `"search_document"`
	purposeImage    = `"image"`
)

// typeFloat is the type of the numbers that is asked for unless an Extra of the name
// "embedding_types" has another.
const typeFloat = "float"

// embedExtras are the fields of the dialect that have no canonical form: an Extra of
// their name is sent as it is.
var embedExtras = []string{"images", "inputs", "input_type", "embedding_types", "max_tokens", "priority", "truncate"}

type embedWire struct {
	Model           string   `json:"model"`
	Texts           []string `json:"texts,omitempty"`
	EmbeddingTypes  []string `json:"embedding_types"`
	OutputDimension *int     `json:"output_dimension,omitempty"`
}

// EncodeEmbedding writes req for model.
func EncodeEmbedding(req *schemas.EmbeddingRequest, model string) (body []byte, dropped []string, err error) {
	extra := map[string]json.RawMessage{"input_type": json.RawMessage(purposeDocument)}
	if dialect.Present(req.Extra["images"]) {
		extra["input_type"] = json.RawMessage(purposeImage)
	}
	for _, name := range slices.Sorted(maps.Keys(req.Extra)) {
		switch {
		case slices.Contains(embedExtras, name):
			extra[name] = req.Extra[name]
		case name != "encoding_format": // which is how the caller's dialect writes numbers
			dropped = append(dropped, name)
		}
	}
	if req.User != "" {
		dropped = append(dropped, "user")
	}
	out := embedWire{Model: model, Texts: req.Input, EmbeddingTypes: []string{typeFloat}, OutputDimension: req.Dimensions}
	if given, ok := extra["embedding_types"]; ok {
		if json.Unmarshal(given, &out.EmbeddingTypes) != nil || len(out.EmbeddingTypes) != 1 {
			return nil, nil, dialect.BadRequest("embedding_types must be a list of one type; use a raw call for more at once")
		}
	}
	if len(req.Input) == 0 && !dialect.Present(extra["images"]) && !dialect.Present(extra["inputs"]) {
		return nil, nil, dialect.BadRequest("the field input is empty; send a text or more")
	}
	if body, err = marshal(&out); err != nil {
		return nil, nil, err
	}
	body, err = dialect.Merge(body, extra)
	slices.Sort(dropped)
	return body, dropped, err
}

// vectors are lists of numbers by their type, or a single list of them as version 1 has
// it. One list is not nil.
type vectors struct {
	numbers [][]float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *vectors) UnmarshalJSON(data []byte) error {
	var byType map[string]json.RawMessage
	if json.Unmarshal(data, &byType) != nil {
		return json.Unmarshal(data, &v.numbers)
	}
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		var err error
		switch {
		case !dialect.Present(byType[name]): // a type that was not asked for
		case name == "base64":
			v.numbers, err = packed(byType[name])
		default:
			err = json.Unmarshal(byType[name], &v.numbers)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// packed reads vectors that are the bytes of their numbers in base64: of four bytes each,
// the lowest first.
func packed(data []byte) ([][]float64, error) {
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, err
	}
	out := make([][]float64, len(texts))
	for i, text := range texts {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		out[i] = make([]float64, 0, len(raw)/4)
		for ; len(raw) >= 4; raw = raw[4:] {
			out[i] = append(out[i], float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		}
	}
	return out, nil
}

// decodeEmbedding reads the vectors of model.
func decodeEmbedding(data []byte, model string) (*schemas.EmbeddingResponse, error) {
	var in struct {
		Embeddings vectors    `json:"embeddings"`
		Meta       *usageWire `json:"meta"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Embeddings.numbers == nil {
		return nil, notThe("a list of embeddings")
	}
	out := &schemas.EmbeddingResponse{Object: "list", Model: model, Usage: in.Meta.canonical()}
	for i, numbers := range in.Embeddings.numbers {
		out.Data = append(out.Data, schemas.Embedding{Object: "embedding", Index: i, Embedding: numbers})
	}
	return out, nil
}
