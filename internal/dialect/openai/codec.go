package openai

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Codec is the provider's side of the dialect. The zero value is OpenAI's own.
type Codec struct {
	// Chat has the provider's quirks; its Stream is ignored.
	Chat ChatOptions

	// Responses says that chats are made as calls of the Responses API, and how. Nil:
	// they are chat completions.
	Responses *ResponsesOptions

	// AsksUsage says that the provider is known to take "stream_options" in a raw call, so
	// that the usage of a stream may be asked for.
	AsksUsage bool

	// SignedBytes says that vectors are base64 of signed bytes, which have to be asked for.
	SignedBytes bool
}

var _ dialect.Codec = Codec{}

// Dialect implements dialect.Codec.
func (Codec) Dialect() schemas.Dialect { return schemas.DialectOpenAI }

// Encode implements dialect.Codec.
func (c Codec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	call := &dialect.Call{Method: http.MethodPost}
	var dropped []string
	var err error
	switch req.Operation {
	case schemas.OperationChat, schemas.OperationChatStream:
		dropped, err = c.encodeChat(call, req)
	case schemas.OperationEmbeddings:
		call.Path = PathEmbeddings
		embedding := req.Embedding
		if c.SignedBytes {
			embedding, dropped = asSignedBytes(embedding)
		}
		call.Body, err = EncodeEmbedding(embedding, req.Model)
	case schemas.OperationListModels:
		call.Method, call.Path = http.MethodGet, PathModels
	default:
		dropped, err = encodeOther(call, req)
	}
	if err != nil {
		return nil, nil, err
	}
	return call, dropped, nil
}

// encodeChat writes a chat as the provider takes it.
func (c Codec) encodeChat(call *dialect.Call, req *schemas.Request) (dropped []string, err error) {
	opts := c.Chat
	opts.Stream = req.Operation == schemas.OperationChatStream
	if c.Responses != nil {
		call.Path = PathResponses
		call.Body, dropped, err = EncodeChatAsResponse(req.Chat, req.Model, opts.Stream, *c.Responses)
		return dropped, err
	}
	call.Path = PathChat
	chat, dropped, err := plainRequest(req.Chat, opts)
	if err == nil {
		call.Body, err = EncodeChat(chat, req.Model, opts)
	}
	return dropped, err
}

// encodeOther writes the operations beside chat, embeddings and models.
func encodeOther(call *dialect.Call, req *schemas.Request) (dropped []string, err error) {
	switch req.Operation {
	case schemas.OperationCompletion:
		call.Path = PathCompletions
		call.Body, err = encodeCompletion(req.Completion, req.Model)
	case schemas.OperationRerank:
		call.Path = PathRerank
		call.Body, err = encodeRerank(req.Rerank, req.Model)
	case schemas.OperationModeration:
		call.Path = PathModerations
		call.Body, err = encodeModeration(req.Moderation, req.Model)
	case schemas.OperationImage:
		call.Path = PathImages
		call.Body, err = encodeImage(req.Image, req.Model)
	case schemas.OperationSpeech:
		call.Path = PathSpeech
		call.Body, err = encodeSpeech(req.Speech, req.Model)
	case schemas.OperationTranscription:
		call.Path = PathTranscriptions
		dropped, err = encodeTranscription(call, req)
	case schemas.OperationTranslation:
		call.Path = PathTranslations
		dropped, err = encodeTranscription(call, req)
	default:
		err = unsupported(req.Operation)
	}
	return dropped, err
}

// unsupported is the error for an operation that the dialect has not.
func unsupported(op schemas.Operation) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("OpenAI's dialect has no %s; use a provider that has it", op)}
}

// Decode implements dialect.Codec.
func (c Codec) Decode(req *schemas.Request, header http.Header, body []byte, key string) (*schemas.Response, error) {
	resp := &schemas.Response{}
	var err error
	switch req.Operation {
	case schemas.OperationChat:
		decode := DecodeChatResponse
		if c.Responses != nil {
			decode = DecodeResponseAsChat
		}
		resp.Chat, err = decode(body, key)
		if err == nil && hidesThinking(req.Chat) {
			hideWhole(resp.Chat)
		}
	case schemas.OperationEmbeddings:
		resp.Embedding, err = decodeEmbeddings(body, key, c.SignedBytes)
	case schemas.OperationListModels:
		resp.Models, err = DecodeModels(body, key)
	case schemas.OperationCompletion:
		resp.Completion, err = decodeCompletion(body, key)
	case schemas.OperationRerank:
		resp.Rerank, err = decodeRerank(body, key)
	case schemas.OperationModeration:
		resp.Moderation, err = decodeModeration(body, key)
	case schemas.OperationImage:
		resp.Image, err = decodeImage(body, key)
	case schemas.OperationTranscription, schemas.OperationTranslation:
		resp.Transcription, err = decodeTranscription(req.Transcription, header, body, key)
	default:
		err = unsupported(req.Operation)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// Stream implements dialect.Codec.
func (c Codec) Stream(req *schemas.Request, src io.Reader, key string) dialect.ChunkSource {
	opts := StreamOptions{IncludeUsage: true, HideThinking: hidesThinking(req.Chat), Key: key}
	if c.Responses != nil {
		return NewResponsesStream(src, opts)
	}
	return NewChatStream(src, opts)
}

// Failure implements dialect.Codec.
func (Codec) Failure(status int, header http.Header, body []byte, key string) *schemas.Error {
	return DecodeError(status, header, body, key)
}

// FailureWithin implements dialect.Codec. The error of a response that failed is a part of
// it.
func (Codec) FailureWithin(data []byte, key string) error {
	if isResponse(data) {
		return nil
	}
	return ErrorWithin(data, key)
}

// isResponse reports whether an answer, or its beginning, is an object of the Responses
// API: one that says so, or a failed one of a server that does not say so.
func isResponse(data []byte) bool {
	v := gjson.GetManyBytes(data, "object", "status", "id")
	return v[0].Str == "response" || strings.HasPrefix(v[0].Str, "response.") || v[1].Str == statusFailed && v[2].Str != ""
}

// Look implements dialect.Codec.
func (Codec) Look(raw *schemas.RawRequest) dialect.Sight { return look(raw) }

// Watch implements dialect.Codec.
func (Codec) Watch(raw *schemas.RawRequest, key string) dialect.Watch {
	return NewStreamWatch(raw.Path, StreamOptions{IncludeUsage: wantsUsage(raw), Key: key})
}

// look says what a raw call asks for.
func look(raw *schemas.RawRequest) dialect.Sight {
	s := dialect.Sight{Operation: operationOf(raw.Path), Stream: wantsStream(raw), Stored: isDownload(raw.Path)}
	switch s.Operation {
	case schemas.OperationResponses:
		s.Kept = raw.Path != PathResponses && raw.Path != pathCompact
	case schemas.OperationFiles, schemas.OperationBatches:
		s.Kept = true
	}
	switch raw.Path {
	case PathChat, PathCompletions, PathResponses:
		s.Object = true
		s.Whole = len(raw.Body) > 0 && plain(raw.Header) && !s.Stream
	case PathEmbeddings:
		s.Object = true
	default: // a response that is kept: what is deleted may leave nothing to say
		s.Object = s.Operation == schemas.OperationResponses && (raw.Method == http.MethodGet || raw.Method == http.MethodPost)
	}
	return s
}

// plain reports whether a body is not compressed.
func plain(h http.Header) bool {
	coding := h.Get("Content-Encoding")
	return coding == "" || coding == "identity"
}

// wantsStream reports whether a raw call asks for a stream of events.
func wantsStream(raw *schemas.RawRequest) bool {
	switch raw.Path {
	case PathChat, PathCompletions, PathResponses:
		return bytes.Contains(raw.Body, []byte(`"stream"`)) && gjson.GetBytes(raw.Body, "stream").Type == gjson.True
	}
	return false
}

// wantsUsage reports whether a raw call asks for a stream's usage chunk.
func wantsUsage(raw *schemas.RawRequest) bool {
	return bytes.Contains(raw.Body, []byte(`"include_usage"`)) &&
		gjson.GetBytes(raw.Body, "stream_options.include_usage").Type == gjson.True
}
