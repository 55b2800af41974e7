package openai

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Surface is the caller's side of the dialect.
type Surface struct{}

var _ dialect.Surface = Surface{}

// Dialect implements dialect.Surface.
func (Surface) Dialect() schemas.Dialect { return schemas.DialectOpenAI }

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
	switch raw.Path {
	case PathChat:
		return translateChat(raw.Body)
	case PathResponses:
		return translateResponses(raw)
	case PathEmbeddings:
		return translateEmbedding(raw.Body)
	}
	return nil, dialect.Untranslatable(raw.Path)
}

// ErrorReply implements dialect.Surface.
func (Surface) ErrorReply(err error) (int, http.Header, []byte) { return ErrorReply(err) }

// AppendStreamError implements dialect.Surface.
func (Surface) AppendStreamError(dst []byte, err error) []byte { return AppendStreamError(dst, err) }

// Models implements dialect.Surface.
func (Surface) Models(list *schemas.ModelList) ([]byte, error) { return EncodeModels(list) }

// OneModel implements dialect.Surface.
func (Surface) OneModel(model schemas.Model) ([]byte, error) { return encodeModel(model) }

// jsonHeader is the header of an answer in JSON.
func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// translatedChat is a chat completion of a caller.
type translatedChat struct {
	req     *schemas.Request
	dropped []string
}

var _ dialect.Lossy = (*translatedChat)(nil)

// chatShape is what is read of a chat completion.
var chatShape = dialect.ShapeOf(reflect.TypeFor[schemas.ChatRequest](),
	map[reflect.Type]reflect.Type{reflect.TypeFor[schemas.Content](): reflect.TypeFor[[]schemas.ContentPart]()})

func translateChat(body []byte) (dialect.Translation, error) {
	body, err := onlyAllowed(body)
	if err != nil {
		return nil, err
	}
	if err := onlyCarried(body); err != nil {
		return nil, err
	}
	chat, stream, err := DecodeChat(body)
	if err != nil {
		return nil, err
	}
	req := &schemas.Request{Operation: schemas.OperationChat, Model: chat.Model, Chat: chat}
	if stream {
		req.Operation = schemas.OperationChatStream
	}
	return &translatedChat{req, chatShape.Unread(body)}, nil
}

// onlyCarried returns nil, or the error for a message that says something in a field that
// no other dialect has.
func onlyCarried(body []byte) error {
	for i, m := range gjson.GetBytes(body, "messages").Array() {
		for _, name := range []string{"audio", "function_call"} {
			if v := m.Get(name); v.Exists() && v.Type != gjson.Null {
				return ofOpenAIOnly(fmt.Sprintf("messages[%d].%s", i, name))
			}
		}
		for j, call := range m.Get("tool_calls").Array() {
			if typ := call.Get("type").Str; typ != "" && typ != toolFunction {
				return ofOpenAIOnly(fmt.Sprintf("messages[%d].tool_calls[%d], which is no call of a function,", i, j))
			}
		}
	}
	return nil
}

func ofOpenAIOnly(what string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: what + " is not translated to the provider's dialect; leave it out, or use a provider that speaks OpenAI's"}
}

// Dropped implements dialect.Lossy.
func (t *translatedChat) Dropped() []string { return t.dropped }

// Request implements dialect.Translation.
func (t *translatedChat) Request() *schemas.Request { return t.req }

// Encode implements dialect.Translation.
func (t *translatedChat) Encode(resp *schemas.Response) (http.Header, []byte, error) {
	body, err := EncodeChatResponse(resp.Chat)
	return jsonHeader(), body, err
}

// Stream implements dialect.Translation.
func (t *translatedChat) Stream() (dialect.ChunkWriter, string) {
	return chunkWriter{}, "text/event-stream"
}

// chunkWriter writes chunks as the dialect has them.
type chunkWriter struct{}

// Append implements dialect.ChunkWriter.
func (chunkWriter) Append(dst []byte, chunk *schemas.ChatChunk) ([]byte, error) {
	return AppendChunk(dst, chunk)
}

// AppendEnd implements dialect.ChunkWriter.
func (chunkWriter) AppendEnd(dst []byte) []byte { return AppendEnd(dst) }

// translatedEmbedding is a request for vectors of a caller.
type translatedEmbedding struct {
	req    *schemas.Request
	base64 bool
}

func translateEmbedding(body []byte) (dialect.Translation, error) {
	embedding, err := DecodeEmbedding(body)
	if err != nil {
		return nil, err
	}
	return &translatedEmbedding{base64: gjson.GetBytes(body, "encoding_format").String() == "base64",
		req: &schemas.Request{Operation: schemas.OperationEmbeddings, Model: embedding.Model, Embedding: embedding}}, nil
}

// Request implements dialect.Translation.
func (t *translatedEmbedding) Request() *schemas.Request { return t.req }

// Encode implements dialect.Translation.
func (t *translatedEmbedding) Encode(resp *schemas.Response) (http.Header, []byte, error) {
	encode := EncodeEmbeddingResponse
	if t.base64 {
		encode = encodePackedEmbeddings
	}
	body, err := encode(resp.Embedding)
	return jsonHeader(), body, err
}

// Stream implements dialect.Translation; embeddings have none.
func (t *translatedEmbedding) Stream() (dialect.ChunkWriter, string) { return nil, "" }
