package bedrock

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Embeddings have no API of their own: InvokeModel takes the model's. Those of Titan
// and Cohere are known here.
//
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html

func isTitanEmbed(model string) bool  { return strings.Contains(model, "amazon.titan-embed") }
func isCohereEmbed(model string) bool { return strings.Contains(model, "cohere.embed") }

// encodeEmbedding writes the request of the model's maker. Extra's fields follow.
func encodeEmbedding(req *schemas.EmbeddingRequest, model string) ([]byte, []string, error) {
	var dropped []string
	if req.User != "" {
		dropped = []string{"user"}
	}
	var in any
	switch {
	case isTitanEmbed(model):
		if len(req.Input) != 1 {
			return nil, nil, refused("input", "Titan takes one text at a time; send one request for each")
		}
		in = struct {
			InputText  string `json:"inputText"`
			Dimensions *int   `json:"dimensions,omitempty"`
		}{req.Input[0], req.Dimensions}
	case isCohereEmbed(model):
		kind := req.Extra["input_type"]
		if len(kind) == 0 {
			kind = json.RawMessage(`"search_document"`) // the field is required
		}
		in = struct {
			Texts      []string        `json:"texts"`
			InputType  json.RawMessage `json:"input_type"`
			Dimensions *int            `json:"output_dimension,omitempty"`
		}{req.Input, kind, req.Dimensions}
	default:
		return nil, nil, &schemas.Error{Kind: schemas.KindUnsupportedOperation,
			Message: "embeddings are known of Titan's and Cohere's models only; use one of them, or a raw call of /model/MODEL/invoke"}
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, nil, dialect.BadRequest("the embedding request cannot be written as json; correct its input")
	}
	extra := maps.Clone(req.Extra)
	delete(extra, "encoding_format") // it is how the caller's dialect writes numbers, and refused
	body, err = dialect.Merge(body, extra)
	return body, dropped, err
}

// vectors are Cohere's: a list, or lists by type.
type vectors [][]float64

// UnmarshalJSON implements json.Unmarshaler.
func (v *vectors) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var byType struct {
			Float [][]float64 `json:"float"`
		}
		err := json.Unmarshal(data, &byType)
		*v = byType.Float
		return err
	}
	return json.Unmarshal(data, (*[][]float64)(v))
}

// decodeEmbedding reads the answer of either.
func decodeEmbedding(req *schemas.Request, header http.Header, body []byte) (*schemas.EmbeddingResponse, error) {
	var in struct {
		Embedding  []float64 `json:"embedding"`
		Embeddings vectors   `json:"embeddings"`
		Tokens     int       `json:"inputTextTokenCount"`
	}
	err := json.Unmarshal(body, &in)
	if in.Embedding != nil {
		in.Embeddings = vectors{in.Embedding}
	}
	if err != nil || in.Embeddings == nil {
		return nil, dialect.BadAnswer("the answer has no embeddings; check the model, and that floats are asked for")
	}
	out := &schemas.EmbeddingResponse{Object: "list", Model: req.Model}
	for i, v := range in.Embeddings {
		out.Data = append(out.Data, schemas.Embedding{Object: "embedding", Index: i, Embedding: v})
	}
	if n, err := strconv.Atoi(header.Get("X-Amzn-Bedrock-Input-Token-Count")); err == nil && in.Tokens == 0 {
		in.Tokens = n
	}
	if in.Tokens > 0 {
		out.Usage = &schemas.Usage{PromptTokens: in.Tokens, TotalTokens: in.Tokens}
	}
	return out, nil
}
