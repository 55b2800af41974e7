package gemini

import (
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Surface is the caller's side of the dialect. A call names its model in its path.
type Surface struct{}

var _ dialect.Surface = Surface{}

// Dialect implements dialect.Surface.
func (Surface) Dialect() schemas.Dialect { return schemas.DialectGemini }

// Model implements dialect.Surface.
func (Surface) Model(raw *schemas.RawRequest) string {
	model, _ := splitCall(raw)
	return model
}

// WithModel implements dialect.Surface.
func (Surface) WithModel(raw *schemas.RawRequest, model string) *schemas.RawRequest {
	return withModel(raw, model)
}

// Fallbacks implements dialect.Surface.
func (Surface) Fallbacks(raw *schemas.RawRequest) (*schemas.RawRequest, []schemas.Fallback, error) {
	return dialect.BodyFallbacks(raw)
}

// Translate implements dialect.Surface.
func (Surface) Translate(raw *schemas.RawRequest) (dialect.Translation, error) {
	model, method := splitCall(raw)
	if !json.Valid(raw.Body) && method != "" {
		return nil, dialect.BadRequest("the request's body is not json; correct it")
	}
	switch method {
	case methodGenerate, methodStream, methodCount:
		return translateChat(raw, model, method)
	case methodEmbed, methodEmbedAll:
		embedding, err := DecodeEmbedding(raw.Body, model, method)
		if err != nil {
			return nil, err
		}
		return &translation{method: method,
			req: &schemas.Request{Operation: schemas.OperationEmbeddings, Model: model, Embedding: embedding}}, nil
	}
	return nil, dialect.Untranslatable(raw.Path)
}

func translateChat(raw *schemas.RawRequest, model, method string) (dialect.Translation, error) {
	body, op := raw.Body, schemas.OperationChat
	switch method {
	case methodStream:
		op = schemas.OperationChatStream
	case methodCount:
		op = schemas.OperationCountTokens
		for _, name := range []string{"generateContentRequest", "generate_content_request"} {
			if whole := gjson.GetBytes(body, name); whole.Exists() {
				body = []byte(whole.Raw)
				break
			}
		}
	}
	chat, thoughts, err := DecodeRequest(body, model)
	if err != nil {
		return nil, err
	}
	return &translation{method: method, dropped: notCarried(body), thoughts: thoughts, list: !wantsEvents(raw.Query),
		req: &schemas.Request{Operation: op, Model: model, Chat: chat}}, nil
}

// ErrorReply implements dialect.Surface.
func (Surface) ErrorReply(err error) (int, http.Header, []byte) { return ErrorReply(err) }

// AppendStreamError implements dialect.Surface.
func (Surface) AppendStreamError(dst []byte, err error) []byte { return AppendStreamError(dst, err) }

// Models implements dialect.Surface.
func (Surface) Models(list *schemas.ModelList) ([]byte, error) { return EncodeModels(list) }

// OneModel implements dialect.Surface.
func (Surface) OneModel(model schemas.Model) ([]byte, error) { return answer(modelOf(model)) }

// requestShape is what is read of a request.
var requestShape = dialect.ShapeOf(reflect.TypeFor[requestWire](), nil)

// leftOut are the fields that have no canonical form, and without which the answer is the
// same, in both of their spellings.
var leftOut = []string{"safetySettings", "safety_settings", "labels", "serviceTier", "service_tier", "store"}

// notCarried returns the fields of a request that are left out; what is within others is
// named in camelCase.
func notCarried(body []byte) []string {
	return dialect.Union(dialect.LeftOut(body, leftOut...), requestShape.Unread(camelFields(body)))
}

// translation is a call of a caller.
type translation struct {
	dropped  []string
	req      *schemas.Request
	method   string
	thoughts bool // are shown
	list     bool // a stream is written as one JSON array
}

var _ dialect.Lossy = (*translation)(nil)

// Dropped implements dialect.Lossy.
func (t *translation) Dropped() []string { return t.dropped }

// Request implements dialect.Translation.
func (t *translation) Request() *schemas.Request { return t.req }

// Encode implements dialect.Translation.
func (t *translation) Encode(resp *schemas.Response) (header http.Header, body []byte, err error) {
	header = http.Header{"Content-Type": {mimeJSON}}
	switch t.method {
	case methodCount:
		body, err = answer(countWire{&resp.Tokens.InputTokens})
	case methodEmbed, methodEmbedAll:
		body, err = EncodeEmbeddingResponse(resp.Embedding, t.method)
	default:
		body, err = EncodeResponse(resp.Chat, t.thoughts)
	}
	return header, body, err
}

// Stream implements dialect.Translation.
func (t *translation) Stream() (dialect.ChunkWriter, string) {
	w := &chunkWriter{thoughts: t.thoughts, list: t.list}
	if t.list {
		return w, mimeJSON
	}
	return w, "text/event-stream"
}
