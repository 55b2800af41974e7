package gemini

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Codec is the provider's side of the dialect.
type Codec struct{}

var _ dialect.Codec = Codec{}

// Dialect implements dialect.Codec.
func (Codec) Dialect() schemas.Dialect { return schemas.DialectGemini }

// Encode implements dialect.Codec. A list of models is asked for in one page of the
// largest size.
func (Codec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	call := &dialect.Call{Method: http.MethodPost}
	method := methodGenerate
	var dropped []string
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		call.Body, dropped, err = EncodeRequest(req.Chat, modelOfRequest(req))
	case schemas.OperationChatStream:
		method, call.Query = methodStream, asEvents
		call.Body, dropped, err = EncodeRequest(req.Chat, modelOfRequest(req))
	case schemas.OperationCountTokens:
		method = methodCount
		call.Body, dropped, err = EncodeCount(req.Chat, modelOfRequest(req))
	case schemas.OperationEmbeddings:
		method, call.Body, dropped, err = EncodeEmbedding(req.Embedding, modelOfRequest(req))
	case schemas.OperationListModels:
		return &dialect.Call{Method: http.MethodGet, Path: PathModels, Query: "pageSize=1000"}, nil, nil
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, nil, err
	}
	call.Path = pathOf(modelOfRequest(req), method)
	return call, dropped, nil
}

// modelOfRequest returns the model of a request, which may be named in its field only.
func modelOfRequest(req *schemas.Request) string {
	if req.Model != "" {
		return req.Model
	}
	_, model := req.Names()
	return model
}

// unsupported is the error for an operation that the dialect has not.
func unsupported(op schemas.Operation) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("Gemini's dialect has no %s; use a provider that has it", op)}
}

// Decode implements dialect.Codec.
func (Codec) Decode(req *schemas.Request, _ http.Header, body []byte, key string) (*schemas.Response, error) {
	resp := &schemas.Response{}
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		resp.Chat, err = DecodeResponse(body, key)
	case schemas.OperationCountTokens:
		resp.Tokens, err = decodeTokens(body, key)
	case schemas.OperationEmbeddings:
		resp.Embedding, err = DecodeEmbeddingResponse(body, modelOfRequest(req), key)
	case schemas.OperationListModels:
		resp.Models, err = DecodeModels(body, key)
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

type countWire struct {
	TotalTokens *int `json:"totalTokens"`
}

// decodeTokens reads a count of tokens.
func decodeTokens(data []byte, key string) (*schemas.TokenCount, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in countWire
	if err := json.Unmarshal(data, &in); err != nil || in.TotalTokens == nil {
		return nil, dialect.BadAnswer("the answer is not a count of tokens; check network_config.base_url and the provider's type")
	}
	return &schemas.TokenCount{InputTokens: *in.TotalTokens}, nil
}

// Stream implements dialect.Codec.
func (Codec) Stream(req *schemas.Request, src io.Reader, key string) dialect.ChunkSource {
	return NewChatStream(src, true, key)
}

// Failure implements dialect.Codec.
func (Codec) Failure(status int, header http.Header, body []byte, key string) *schemas.Error {
	return DecodeError(status, header, body, key)
}

// FailureWithin implements dialect.Codec.
func (Codec) FailureWithin(data []byte, key string) error { return ErrorWithin(data, key) }

// Look implements dialect.Codec.
func (Codec) Look(raw *schemas.RawRequest) dialect.Sight { return look(raw) }

// Watch implements dialect.Codec.
func (Codec) Watch(raw *schemas.RawRequest, key string) dialect.Watch {
	return NewStreamWatch(raw.Path, key)
}

// Usage implements dialect.Codec. An answer that is a list is a stream.
func (Codec) Usage(_ http.Header, answer dialect.Ending) *schemas.Usage {
	return readUsage(answer.Object(usageMember))
}

// look says what a raw call asks for. A stream that is not one of events is a JSON array,
// and passes as any other body.
func look(raw *schemas.RawRequest) dialect.Sight {
	_, method := splitCall(raw)
	switch method {
	case methodGenerate:
		coding := raw.Header.Get("Content-Encoding")
		return dialect.Sight{Operation: schemas.OperationChat, Object: true, Whole: coding == "" || coding == "identity"}
	case methodStream:
		return dialect.Sight{Operation: schemas.OperationChat, Stream: wantsEvents(raw.Query)}
	case methodCount:
		return dialect.Sight{Operation: schemas.OperationCountTokens, Object: true}
	case methodEmbed, methodEmbedAll:
		return dialect.Sight{Operation: schemas.OperationEmbeddings, Object: true}
	case "":
		if raw.Path == PathModels || strings.HasPrefix(raw.Path, PathModels+"/") {
			return dialect.Sight{Operation: schemas.OperationListModels}
		}
	}
	return dialect.Sight{}
}
