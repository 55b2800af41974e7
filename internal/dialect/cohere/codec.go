package cohere

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// The paths, with their version.
const (
	PathChat   = "/v2/chat"
	PathEmbed  = "/v2/embed"
	PathRerank = "/v2/rerank"
	PathModels = "/v1/models"
)

// Codec is the provider's side of the dialect.
type Codec struct{}

var _ dialect.Codec = Codec{}

// Dialect implements dialect.Codec.
func (Codec) Dialect() schemas.Dialect { return schemas.DialectCohere }

// Encode implements dialect.Codec. A list of models is asked for in one page of the
// largest size.
func (Codec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	call := &dialect.Call{Method: http.MethodPost, Path: PathChat}
	var dropped []string
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		call.Body, dropped, err = EncodeRequest(req.Chat, modelOf(req), false)
	case schemas.OperationChatStream:
		call.Body, dropped, err = EncodeRequest(req.Chat, modelOf(req), true)
	case schemas.OperationEmbeddings:
		call.Path = PathEmbed
		call.Body, dropped, err = EncodeEmbedding(req.Embedding, modelOf(req))
	case schemas.OperationRerank:
		call.Path = PathRerank
		call.Body, dropped, err = EncodeRerank(req.Rerank, modelOf(req))
	case schemas.OperationListModels:
		return &dialect.Call{Method: http.MethodGet, Path: PathModels, Query: "page_size=1000"}, nil, nil
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, nil, err
	}
	return call, dropped, nil
}

// modelOf returns the model of a request, which may be named in its field only.
func modelOf(req *schemas.Request) string {
	if req.Model != "" {
		return req.Model
	}
	_, model := req.Names()
	return model
}

// unsupported is the error for an operation that the dialect has not.
func unsupported(op schemas.Operation) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("Cohere's dialect has no %s; use a provider that has it", op)}
}

// Decode implements dialect.Codec.
func (Codec) Decode(req *schemas.Request, _ http.Header, body []byte, key string) (*schemas.Response, error) {
	if err := ErrorWithin(body, key); err != nil {
		return nil, err
	}
	resp := &schemas.Response{}
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		resp.Chat, err = decodeChat(body, modelOf(req), hidesThinking(req.Chat))
	case schemas.OperationEmbeddings:
		resp.Embedding, err = decodeEmbedding(body, modelOf(req))
	case schemas.OperationRerank:
		resp.Rerank, err = decodeRerank(body, modelOf(req), req.Rerank)
	case schemas.OperationListModels:
		resp.Models, err = decodeModels(body)
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// notThe is the error for an answer that is something else than was asked for.
func notThe(what string) error {
	return dialect.BadAnswer("the answer is not " + what + " of Cohere's dialect; check network_config.base_url and the provider's type")
}

// Stream implements dialect.Codec.
func (Codec) Stream(req *schemas.Request, src io.Reader, key string) dialect.ChunkSource {
	return NewChatStream(src, StreamOptions{Model: modelOf(req), IncludeUsage: true,
		HideThinking: hidesThinking(req.Chat), Key: key})
}

// Failure implements dialect.Codec.
func (Codec) Failure(status int, header http.Header, body []byte, key string) *schemas.Error {
	return DecodeError(status, header, body, key)
}

// FailureWithin implements dialect.Codec.
func (Codec) FailureWithin(data []byte, key string) error { return ErrorWithin(data, key) }

// Usage implements dialect.Codec. Answers that are no chats have it among what is said
// about them.
func (Codec) Usage(_ http.Header, answer dialect.Ending) *schemas.Usage {
	for _, name := range []string{"usage", "meta"} {
		var in usageWire
		if data := answer.Object(name); len(data) > 0 && json.Unmarshal(data, &in) == nil {
			if usage := in.canonical(); usage != nil && usage.TotalTokens > 0 {
				return usage
			}
		}
	}
	return nil
}

// Look implements dialect.Codec. Calls of version 1 pass too; of its chat nothing is
// known, since its streams are no streams of events.
func (Codec) Look(raw *schemas.RawRequest) dialect.Sight {
	switch path := raw.Path; {
	case path == PathChat:
		if wantsStream(raw) {
			return dialect.Sight{Operation: schemas.OperationChat, Stream: true}
		}
		return dialect.Sight{Operation: schemas.OperationChat, Object: true, Whole: len(raw.Body) > 0 && plain(raw.Header)}
	case path == "/v1/chat":
		return dialect.Sight{Operation: schemas.OperationChat}
	case path == PathEmbed || path == "/v1/embed":
		return dialect.Sight{Operation: schemas.OperationEmbeddings, Object: true}
	case path == PathRerank || path == "/v1/rerank":
		return dialect.Sight{Operation: schemas.OperationRerank, Object: true}
	case path == PathModels || strings.HasPrefix(path, PathModels+"/"):
		return dialect.Sight{Operation: schemas.OperationListModels, Object: true}
	}
	return dialect.Sight{}
}

// wantsStream reports whether a raw call asks for a stream.
func wantsStream(raw *schemas.RawRequest) bool {
	return bytes.Contains(raw.Body, []byte(`"stream"`)) && gjson.GetBytes(raw.Body, "stream").Type == gjson.True
}

// plain reports whether a body is not compressed.
func plain(h http.Header) bool {
	coding := h.Get("Content-Encoding")
	return coding == "" || coding == "identity"
}

// Watch implements dialect.Codec.
func (Codec) Watch(raw *schemas.RawRequest, key string) dialect.Watch {
	return NewStreamWatch(raw.Path, key)
}
