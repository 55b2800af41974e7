package providers

import (
	"bytes"
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

// ollamaChat has the server's quirks: what it does not know, it ignores, as "tool_choice",
// and the reasoning of a message under another name than "reasoning"
// (ChatCompletionRequest and Message of openai/openai.go in github.com/ollama/ollama, and
// issue 17921 there).
var ollamaChat = openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true, NoToolChoice: true, PlainReasoning: true}

// ollamaOptions are the options of a server of Ollama. It speaks OpenAI's dialect
// (https://docs.ollama.com/api/openai-compatibility), and takes raw calls of its own API
// (https://github.com/ollama/ollama/blob/main/docs/api.md) by their whole path, as in
// "/api/pull". A key is not needed.
func ollamaOptions() adapter.Options {
	return adapter.Options{
		Type: TypeOllama, BaseURL: "http://127.0.0.1:11434",
		Codec:      ollamaCodec{openai.Codec{Chat: ollamaChat, AsksUsage: true}},
		Credential: adapter.Bearer, KeyOptional: true,
		Operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationResponses),
		Route: func(_ string, call *dialect.Call) error {
			if strings.HasPrefix(call.Path, ollamaAPI) {
				return nil
			}
			call.Path = defaultVersion + call.Path
			return plainly(ollamaChat, defaultVersion+openai.PathChat, call)
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

// ollamaModel returns a model of the list as the client has it. What of it has another
// form, such as its date, is not known.
func ollamaModel(m gjson.Result) schemas.Model {
	details := m.Get("details")
	text := func(name string) string { return details.Get(name).Str }
	out := schemas.Model{ID: m.Get("name").Str, OwnedBy: "library", ContextLength: int(max(0, details.Get("context_length").Int())),
		Files: &schemas.ModelFiles{Size: max(0, m.Get("size").Int()), Format: text("format"), Family: text("family"),
			ParameterSize: text("parameter_size"), Quantization: text("quantization_level")}}
	if at, err := time.Parse(time.RFC3339, m.Get("modified_at").Str); err == nil {
		out.Created = max(0, at.Unix())
	}
	if owner, _, owned := strings.Cut(out.ID, "/"); owned {
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
	list, ok := dialect.DecodeModels(gjson.GetBytes(body, "models"), ollamaModel)
	if !ok || !dialect.ValidBytes(body) {
		return nil, dialect.BadAnswer("the answer is not Ollama's list of models; " +
			`check network_config.base_url, or set type = "openai" for another server of the OpenAI dialect`)
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

// Usage implements dialect.Codec. The own API counts in its last line.
func (c ollamaCodec) Usage(header http.Header, answer dialect.Ending) *schemas.Usage {
	if usage := c.Codec.Usage(header, answer); usage != nil {
		return usage
	}
	text := bytes.TrimSpace(answer.Data)
	last := gjson.GetManyBytes(text[bytes.LastIndexByte(text, '\n')+1:], "prompt_eval_count", "eval_count")
	prompt, completion := int(last[0].Int()), int(last[1].Int())
	if prompt+completion <= 0 {
		return nil
	}
	return &schemas.Usage{PromptTokens: prompt, CompletionTokens: completion, TotalTokens: prompt + completion}
}

// wantsWhole reports whether a call says that it wants no stream. A stream is what those
// get that say nothing.
func wantsWhole(raw *schemas.RawRequest) bool {
	return bytes.Contains(raw.Body, []byte(`"stream"`)) && gjson.GetBytes(raw.Body, "stream").Type == gjson.False
}
