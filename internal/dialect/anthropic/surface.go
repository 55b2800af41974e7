package anthropic

import (
	"encoding/json"
	"net/http"
	"reflect"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Surface is the caller's side of the dialect.
type Surface struct{}

var _ dialect.Surface = Surface{}

// Dialect implements dialect.Surface.
func (Surface) Dialect() schemas.Dialect { return schemas.DialectAnthropic }

// Model implements dialect.Surface.
func (Surface) Model(raw *schemas.RawRequest) string { return dialect.BodyModel(raw) }

// WithModel implements dialect.Surface.
func (Surface) WithModel(raw *schemas.RawRequest, model string) *schemas.RawRequest {
	return dialect.WithBodyModel(raw, model)
}

// Fallbacks implements dialect.Surface.
func (Surface) Fallbacks(raw *schemas.RawRequest) (*schemas.RawRequest, []schemas.Fallback, error) {
	return dialect.BodyFallbacks(raw)
}

// Translate implements dialect.Surface.
func (Surface) Translate(raw *schemas.RawRequest) (dialect.Translation, error) {
	if raw.Path != PathMessages && raw.Path != PathCountTokens {
		return nil, dialect.Untranslatable(raw.Path)
	}
	chat, stream, err := DecodeRequest(raw.Body)
	if err != nil {
		return nil, err
	}
	t := &translation{dropped: dialect.Union(dialect.LeftOut(raw.Body, leftOut...), requestShape.Unread(raw.Body)), req: &schemas.Request{Operation: schemas.OperationChat, Model: chat.Model, Chat: chat}}
	switch {
	case raw.Path == PathCountTokens:
		t.req.Operation = schemas.OperationCountTokens
	case stream:
		t.req.Operation = schemas.OperationChatStream
	}
	return t, nil
}

// ErrorReply implements dialect.Surface.
func (Surface) ErrorReply(err error) (int, http.Header, []byte) { return ErrorReply(err) }

// AppendStreamError implements dialect.Surface.
func (Surface) AppendStreamError(dst []byte, err error) []byte { return AppendStreamError(dst, err) }

// Models implements dialect.Surface.
func (Surface) Models(list *schemas.ModelList) ([]byte, error) { return EncodeModels(list) }

// OneModel implements dialect.Surface.
func (Surface) OneModel(model schemas.Model) ([]byte, error) { return json.Marshal(modelOf(model)) }

// requestShape is what is read of a request.
var requestShape = dialect.ShapeOf(reflect.TypeFor[requestWire](), nil)

// leftOut are the fields that have no canonical form, and without which the answer is the
// same.
var leftOut = []string{"cache_control", "context_management", "service_tier", "user_profile_id", "tools.#.defer_loading",
	"tools.#.input_examples", "tools.#.allowed_callers", "tools.#.eager_input_streaming"}

// translation is a call of a caller: for an answer, or for a count of its tokens.
type translation struct {
	req     *schemas.Request
	dropped []string
}

var _ dialect.Lossy = (*translation)(nil)

// Dropped implements dialect.Lossy.
func (t *translation) Dropped() []string { return t.dropped }

// Request implements dialect.Translation.
func (t *translation) Request() *schemas.Request { return t.req }

// Encode implements dialect.Translation.
func (t *translation) Encode(resp *schemas.Response) (http.Header, []byte, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	if t.req.Operation == schemas.OperationCountTokens {
		body, err := json.Marshal(resp.Tokens)
		return header, body, err
	}
	body, err := EncodeResponse(resp.Chat)
	return header, body, err
}

// Stream implements dialect.Translation.
func (t *translation) Stream() (dialect.ChunkWriter, string) {
	return &chunkWriter{}, "text/event-stream"
}
