package bedrock

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// The last parts of the paths, after "/model/" and the model.
const (
	pathConverse    = "/converse"
	pathStream      = "/converse-stream"
	pathCountTokens = "/count-tokens"
	pathInvoke      = "/invoke"
)

// StreamType is the type of a stream of frames.
const StreamType = "application/vnd.amazon.eventstream"

// Codec is the provider's side of the dialect.
type Codec struct{}

var _ dialect.Codec = Codec{}

// Dialect implements dialect.Codec.
func (Codec) Dialect() schemas.Dialect { return schemas.DialectBedrock }

// ModelPath returns the path of an action of a model. All but the unreserved
// characters are escaped, as Amazon's SDKs do: a model may be an ARN, with ":" and
// "/" in it, and the signature covers how the path is written.
func ModelPath(model, action string) string {
	return "/model/" + strings.ReplaceAll(url.QueryEscape(model), "+", "%20") + action
}

// Encode implements dialect.Codec.
func (Codec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	call := &dialect.Call{Method: http.MethodPost}
	if req.Model == "" {
		return nil, nil, dialect.BadRequest("the model is missing; name a model or an inference profile")
	}
	action := pathConverse
	var dropped []string
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		call.Body, dropped, err = encodeChat(req.Chat, req.Model)
	case schemas.OperationChatStream:
		action = pathStream
		call.Header = http.Header{"Accept": {StreamType}}
		call.Body, dropped, err = encodeChat(req.Chat, req.Model)
	case schemas.OperationCountTokens:
		action = pathCountTokens
		call.Body, dropped, err = encodeCount(req.Chat, req.Model)
	case schemas.OperationEmbeddings:
		action = pathInvoke
		call.Body, dropped, err = encodeEmbedding(req.Embedding, req.Model)
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, nil, err
	}
	call.Path = ModelPath(req.Model, action)
	return call, dropped, nil
}

// unsupported is the error for an operation that the dialect has not.
func unsupported(op schemas.Operation) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("Bedrock's dialect has no %s; use a provider that has it", op)}
}

// Decode implements dialect.Codec.
func (c Codec) Decode(req *schemas.Request, header http.Header, body []byte, key string) (*schemas.Response, error) {
	if err := c.FailureWithin(body, key); err != nil {
		return nil, err
	}
	resp := &schemas.Response{}
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		resp.Chat, err = decodeChat(req, header, body)
	case schemas.OperationCountTokens:
		resp.Tokens, err = decodeCount(body)
	case schemas.OperationEmbeddings:
		resp.Embedding, err = decodeEmbedding(req, header, body)
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// Stream implements dialect.Codec.
func (Codec) Stream(req *schemas.Request, src io.Reader, key string) dialect.ChunkSource {
	return newStream(src, req.Model, key)
}

// Look implements dialect.Codec. A stream is no stream of server-sent events, so it
// is passed on as bytes.
func (Codec) Look(raw *schemas.RawRequest) dialect.Sight {
	if !strings.HasPrefix(raw.Path, "/model/") {
		return dialect.Sight{}
	}
	switch raw.Path[strings.LastIndexByte(raw.Path, '/'):] {
	case pathConverse:
		return dialect.Sight{Operation: schemas.OperationChat, Whole: true, Object: true}
	case pathStream:
		return dialect.Sight{Operation: schemas.OperationChatStream}
	case pathCountTokens:
		return dialect.Sight{Operation: schemas.OperationCountTokens, Whole: true, Object: true}
	}
	return dialect.Sight{}
}

// Watch implements dialect.Codec. No stream of the dialect is one of events; one that
// a server sends nevertheless is passed on as it is.
func (Codec) Watch(*schemas.RawRequest, string) dialect.Watch { return &passing{} }

// passing is a Watch that looks at nothing.
type passing struct{}

func (*passing) See(ev wire.Event) ([]byte, bool, *schemas.Error) { return ev.Raw, true, nil }
func (*passing) Done() bool                                       { return false }
func (*passing) Over() bool                                       { return false }
func (*passing) Usage() *schemas.Usage                            { return nil }
func (*passing) End(err error) ([]byte, error)                    { return nil, err }
