package providers

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// TypeOllama is the type of a server of Ollama.
const TypeOllama = "ollama"

// ollamaAPI begins the paths of Ollama's own API, which is beside that of OpenAI's
// dialect: at the server's root.
const ollamaAPI = "/api/"

// ollamaTags is the path of the list of models.
const ollamaTags = ollamaAPI + "tags"

// ollamaOptions are the options of a server of Ollama. It speaks OpenAI's dialect
// (https://docs.ollama.com/api/openai-compatibility), and takes raw calls of its own API
// (https://github.com/ollama/ollama/blob/main/docs/api.md) by their whole path, as in
// "/api/pull". A key is not needed.
func ollamaOptions() adapter.Options {
	return adapter.Options{
		Type: TypeOllama, BaseURL: "http://127.0.0.1:11434",
		Codec:      ollamaCodec{openai.Codec{Chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}}},
		Credential: adapter.Bearer, KeyOptional: true,
		Operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationResponses),
		Route: func(_ string, call *dialect.Call) error {
			if !strings.HasPrefix(call.Path, ollamaAPI) {
				call.Path = defaultVersion + call.Path
			}
			return nil
		},
	}
}

// ollamaCodec is OpenAI's dialect, with what a server of Ollama says of its models in its
// own API.
type ollamaCodec struct{ openai.Codec }

// Encode implements dialect.Codec.
func (c ollamaCodec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	if req.Operation == schemas.OperationListModels {
		return &dialect.Call{Method: http.MethodGet, Path: ollamaTags}, nil, nil
	}
	return c.Codec.Encode(req)
}

// Decode implements dialect.Codec.
func (c ollamaCodec) Decode(req *schemas.Request, header http.Header, body []byte, key string) (*schemas.Response, error) {
	if req.Operation != schemas.OperationListModels {
		return c.Codec.Decode(req, header, body, key)
	}
	models, err := decodeTags(body, key)
	if err != nil {
		return nil, err
	}
	return &schemas.Response{Models: models}, nil
}

// ollamaModel is a model of the list.
type ollamaModel struct {
	Name       string    `json:"name"`
	ModifiedAt time.Time `json:"modified_at"`
	Size       int64     `json:"size"`
	Details    struct {
		Format        string `json:"format"`
		Family        string `json:"family"`
		ParameterSize string `json:"parameter_size"`
		Quantization  string `json:"quantization_level"`
		ContextLength int    `json:"context_length"`
	} `json:"details"`
}

// canonical returns the model as the client has it.
func (m *ollamaModel) canonical() schemas.Model {
	out := schemas.Model{ID: m.Name, Object: "model", OwnedBy: "library", ContextLength: m.Details.ContextLength,
		Files: &schemas.ModelFiles{Size: m.Size, Format: m.Details.Format, Family: m.Details.Family,
			ParameterSize: m.Details.ParameterSize, Quantization: m.Details.Quantization}}
	if !m.ModifiedAt.IsZero() {
		out.Created = m.ModifiedAt.Unix()
	}
	if owner, _, owned := strings.Cut(m.Name, "/"); owned {
		out.OwnedBy = owner
	}
	return out
}

// decodeTags reads the list of models. key is masked in an error that the answer may
// carry instead.
func decodeTags(body []byte, key string) (*schemas.ModelList, error) {
	if err := openai.ErrorWithin(body, key); err != nil {
		return nil, err
	}
	var in struct {
		Models []ollamaModel `json:"models"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Models == nil {
		return nil, dialect.BadAnswer("the answer is not Ollama's list of models; " +
			`check network_config.base_url, or set type = "openai" for another server of the OpenAI dialect`)
	}
	list := &schemas.ModelList{Object: "list", Data: make([]schemas.Model, len(in.Models))}
	for i := range in.Models {
		list.Data[i] = in.Models[i].canonical()
	}
	return list, nil
}

// Look implements dialect.Codec. Streams of the own API are lines of JSON, which pass as
// they come: of an error among them nothing is known here. An answer that is asked for
// whole is an object.
func (c ollamaCodec) Look(raw *schemas.RawRequest) dialect.Sight {
	if !strings.HasPrefix(raw.Path, ollamaAPI) {
		return c.Codec.Look(raw)
	}
	switch raw.Path {
	case ollamaTags:
		return dialect.Sight{Operation: schemas.OperationListModels, Object: raw.Method != http.MethodHead}
	case ollamaAPI + "chat", ollamaAPI + "generate":
		return dialect.Sight{Operation: schemas.OperationChat, Object: wantsWhole(raw)}
	case ollamaAPI + "embed", ollamaAPI + "embeddings":
		return dialect.Sight{Operation: schemas.OperationEmbeddings, Object: true}
	}
	return dialect.Sight{}
}

// wantsWhole reports whether a call says that it wants no stream. A stream is what those
// get that say nothing.
func wantsWhole(raw *schemas.RawRequest) bool {
	return bytes.Contains(raw.Body, []byte(`"stream"`)) && gjson.GetBytes(raw.Body, "stream").Type == gjson.False
}
