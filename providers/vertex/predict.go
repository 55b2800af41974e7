package vertex

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/gemini"
	"bifrost/schemas"
)

// dialectPredict is spoken by models of Vertex AI that no client asks directly.
const dialectPredict schemas.Dialect = "vertex-predict"

// predictors begin the names of the models that are asked with predict. Later ones have
// embedContent, as in Google's other API.
var predictors = []string{"text-embedding-", "text-multilingual-embedding-", "gemini-embedding-001"}

// oneAtATime is the model that takes no more than one text.
const oneAtATime = "gemini-embedding-001"

// predict is the codec of models that give vectors by the method predict; their errors
// are those of Gemini's dialect.
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
type predict struct{ gemini.Codec }

var _ dialect.Codec = predict{}

// Dialect implements dialect.Codec.
func (predict) Dialect() schemas.Dialect { return dialectPredict }

type instance struct {
	Content  string          `json:"content"`
	TaskType json.RawMessage `json:"task_type,omitempty"`
	Title    json.RawMessage `json:"title,omitempty"`
}

type predictRequest struct {
	Instances  []instance                 `json:"instances"`
	Parameters map[string]json.RawMessage `json:"parameters,omitempty"`
}

// Encode implements dialect.Codec.
func (predict) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	if req.Operation != schemas.OperationEmbeddings {
		return nil, nil, onlyVectors()
	}
	if len(req.Embedding.Input) == 0 {
		return nil, nil, dialect.BadRequest("the field input is empty; send a text or more")
	}
	if len(req.Embedding.Input) > 1 && plainName(req.Model) == oneAtATime {
		return nil, nil, dialect.BadRequest(oneAtATime + " takes one text at a time at Vertex AI; send one, or use another model")
	}
	var dropped []string
	var one instance
	out := predictRequest{Parameters: map[string]json.RawMessage{}}
	for _, name := range slices.Sorted(maps.Keys(req.Embedding.Extra)) {
		switch value := req.Embedding.Extra[name]; name {
		case "task_type", "taskType":
			one.TaskType = value
		case "title":
			one.Title = value
		case "autoTruncate", "auto_truncate":
			out.Parameters["autoTruncate"] = value
		case "encoding_format": // it is how the caller's dialect writes numbers
		default:
			dropped = append(dropped, name)
		}
	}
	if req.Embedding.User != "" {
		dropped = append(dropped, "user")
	}
	if d := req.Embedding.Dimensions; d != nil {
		out.Parameters["outputDimensionality"], _ = json.Marshal(*d) // an integer
	}
	for _, text := range req.Embedding.Input {
		one.Content = text
		out.Instances = append(out.Instances, one)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, nil, dialect.BadRequest("the request cannot be written as JSON; correct its further fields")
	}
	return &dialect.Call{Method: http.MethodPost, Path: gemini.PathModels + "/" + url.PathEscape(plainName(req.Model)) + ":predict", Body: body}, dropped, nil
}

func onlyVectors() error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: "the model has embeddings only; name one that begins with \"gemini-\" or \"claude-\""}
}

type prediction struct {
	Embeddings struct {
		Values     []float64 `json:"values"`
		Statistics struct {
			TokenCount float64 `json:"token_count"`
		} `json:"statistics"`
	} `json:"embeddings"`
}

// Decode implements dialect.Codec.
func (predict) Decode(req *schemas.Request, _ http.Header, body []byte, key string) (*schemas.Response, error) {
	if err := gemini.ErrorWithin(body, key); err != nil {
		return nil, err
	}
	var in struct {
		Predictions []prediction `json:"predictions"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Predictions == nil {
		return nil, dialect.BadAnswer("the answer has no predictions of Vertex AI; check network_config.base_url and the model")
	}
	out := &schemas.EmbeddingResponse{Object: "list", Model: req.Model}
	tokens := 0
	for i, p := range in.Predictions {
		if p.Embeddings.Values == nil {
			return nil, dialect.BadAnswer("a prediction of Vertex AI has no vector; check the model")
		}
		out.Data = append(out.Data, schemas.Embedding{Object: "embedding", Index: i, Embedding: p.Embeddings.Values})
		tokens += int(p.Embeddings.Statistics.TokenCount)
	}
	if tokens > 0 {
		out.Usage = &schemas.Usage{PromptTokens: tokens, TotalTokens: tokens}
	}
	return &schemas.Response{Embedding: out}, nil
}

// Stream implements dialect.Codec. There are no streams: Encode refuses them.
func (predict) Stream(*schemas.Request, io.Reader, string) dialect.ChunkSource { return noStream{} }

type noStream struct{}

func (noStream) Next() (*schemas.ChatChunk, error) { return nil, onlyVectors() }
func (noStream) Done() bool                        { return false }

// Look implements dialect.Codec.
func (predict) Look(*schemas.RawRequest) dialect.Sight { return dialect.Sight{} }
