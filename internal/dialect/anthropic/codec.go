package anthropic

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

// Codec is the provider's side of the dialect.
type Codec struct{}

var _ dialect.Codec = Codec{}

// Dialect implements dialect.Codec.
func (Codec) Dialect() schemas.Dialect { return schemas.DialectAnthropic }

// Encode implements dialect.Codec. A list of models is asked for in one page of the
// largest size.
func (Codec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	call := &dialect.Call{Method: http.MethodPost, Path: PathMessages}
	switch req.Operation {
	case schemas.OperationChat, schemas.OperationChatStream:
	case schemas.OperationCountTokens:
		call.Path = PathCountTokens
	case schemas.OperationListModels:
		return &dialect.Call{Method: http.MethodGet, Path: PathModels, Query: "limit=1000"}, nil, nil
	default:
		return nil, nil, unsupported(req.Operation)
	}
	var dropped []string
	var err error
	if call.Body, dropped, err = EncodeRequest(req.Chat, req.Model, req.Operation); err != nil {
		return nil, nil, err
	}
	return call, dropped, nil
}

// unsupported is the error for an operation that the dialect has not.
func unsupported(op schemas.Operation) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("Anthropic's dialect has no %s; use a provider that has it", op)}
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

// decodeTokens reads a count of tokens.
func decodeTokens(data []byte, key string) (*schemas.TokenCount, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in struct {
		InputTokens *int `json:"input_tokens"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.InputTokens == nil {
		return nil, dialect.BadAnswer("the answer is not a count of tokens; check network_config.base_url and the provider's type")
	}
	return &schemas.TokenCount{InputTokens: *in.InputTokens}, nil
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

// Usage implements dialect.Codec.
func (Codec) Usage(_ http.Header, answer dialect.Ending) *schemas.Usage {
	return readUsage(answer.Object("usage"))
}

// look says what a raw call asks for.
func look(raw *schemas.RawRequest) dialect.Sight {
	switch path := raw.Path; {
	case path == PathMessages:
		stream := bytes.Contains(raw.Body, []byte(`"stream"`)) && gjson.GetBytes(raw.Body, "stream").Type == gjson.True
		coding := raw.Header.Get("Content-Encoding")
		plain := coding == "" || coding == "identity"
		return dialect.Sight{Operation: schemas.OperationChat, Stream: stream, Object: true, Whole: !stream && plain && len(raw.Body) > 0}
	case path == PathCountTokens:
		return dialect.Sight{Operation: schemas.OperationCountTokens, Object: true}
	case path == PathModels, strings.HasPrefix(path, PathModels+"/"):
		return dialect.Sight{Operation: schemas.OperationListModels}
	case path == pathBatches, strings.HasPrefix(path, pathBatches+"/"):
		return dialect.Sight{Operation: schemas.OperationBatches, Stored: strings.HasSuffix(path, "/results")}
	case path == pathFiles, strings.HasPrefix(path, pathFiles+"/"):
		return dialect.Sight{Operation: schemas.OperationFiles, Stored: strings.HasSuffix(path, "/content")}
	}
	return dialect.Sight{}
}
