package codec

import (
	"encoding/json"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// A form writes and reads the request of an operation.
type form struct {
	// encode returns nil, nil only if the operation's own field is nil.
	encode func(*schemas.Request) ([]byte, error)
	// decode sets the operation's own field.
	decode func(*schemas.Request, []byte) error
}

// forms are those in JSON, which all operations with a body have.
var forms = map[schemas.Operation]form{
	schemas.OperationChat:          chatForm,
	schemas.OperationChatStream:    chatForm,
	schemas.OperationCountTokens:   chatForm,
	schemas.OperationTranscription: transcriptionForm,
	schemas.OperationTranslation:   transcriptionForm,
	schemas.OperationCompletion: formOf(
		func(r *schemas.Request) **schemas.CompletionRequest { return &r.Completion },
		func(r *schemas.CompletionRequest) *map[string]json.RawMessage { return &r.Extra }),
	schemas.OperationEmbeddings: formOf(
		func(r *schemas.Request) **schemas.EmbeddingRequest { return &r.Embedding },
		func(r *schemas.EmbeddingRequest) *map[string]json.RawMessage { return &r.Extra }),
	schemas.OperationRerank: formOf(
		func(r *schemas.Request) **schemas.RerankRequest { return &r.Rerank },
		func(r *schemas.RerankRequest) *map[string]json.RawMessage { return &r.Extra }),
	schemas.OperationModeration: formOf(
		func(r *schemas.Request) **schemas.ModerationRequest { return &r.Moderation },
		func(r *schemas.ModerationRequest) *map[string]json.RawMessage { return &r.Extra }),
	schemas.OperationImage: formOf(
		func(r *schemas.Request) **schemas.ImageRequest { return &r.Image },
		func(r *schemas.ImageRequest) *map[string]json.RawMessage { return &r.Extra }),
	schemas.OperationSpeech: formOf(
		func(r *schemas.Request) **schemas.SpeechRequest { return &r.Speech },
		func(r *schemas.SpeechRequest) *map[string]json.RawMessage { return &r.Extra }),
}

// messageForms are the forms of the operations whose bodies may be protobuf messages.
var messageForms = map[schemas.Operation]form{
	schemas.OperationChat:        chatMessageForm,
	schemas.OperationChatStream:  chatMessageForm,
	schemas.OperationCountTokens: chatMessageForm,
	schemas.OperationEmbeddings:  embeddingMessageForm,
}

// formOf returns the form of a request that hides nothing but its Extra.
func formOf[T any](at func(*schemas.Request) **T, extra func(*T) *map[string]json.RawMessage) form {
	n := namesOf[T]()
	return form{
		encode: func(r *schemas.Request) ([]byte, error) {
			own := *at(r)
			if own == nil {
				return nil, nil
			}
			return encodeBody(own, *extra(own), hidden{}, n)
		},
		decode: func(r *schemas.Request, body []byte) error {
			own, m, err := decodeBody[T](body, n)
			if err != nil {
				return err
			}
			*extra(own) = m.extra
			*at(r) = own
			return nil
		},
	}
}

// EncodeRequest returns the message of a request: its operation, model, raw call, and whole
// body, in protobuf if the operation has that form. The other fields are the caller's to
// set, and so is to take away what of the body goes in Parts. Errors are *schemas.Error of
// kind invalid_request, or unsupported_operation.
func EncodeRequest(req *schemas.Request) (*bifrostv1.Request, error) {
	return EncodeRequestAs(req, bifrostv1.BodyForm_BODY_FORM_PROTO)
}

// EncodeRequestAs is EncodeRequest with the body in a form, or in JSON if the operation
// does not have it.
func EncodeRequestAs(req *schemas.Request, as bifrostv1.BodyForm) (*bifrostv1.Request, error) {
	m := &bifrostv1.Request{Operation: text(string(req.Operation)), Model: text(req.Model)}
	f, known := forms[req.Operation]
	switch {
	case req.Operation == schemas.OperationListModels:
		return m, nil
	case req.Operation == schemas.OperationRaw:
		if req.Raw == nil {
			return nil, badRequest(req.Operation, req.Model, "has no raw call; set the field Raw")
		}
		if !sendable(req.Raw) {
			return nil, badRequest(req.Operation, req.Model, "has a path or query with bytes that are no UTF-8; escape them")
		}
		m.Raw, m.Body = encodeRawCall(req.Raw), req.Raw.Body
		return m, nil
	case !known:
		return nil, unknownOperation(req.Operation, req.Model)
	}
	if inProto, there := messageForms[req.Operation]; there && as == bifrostv1.BodyForm_BODY_FORM_PROTO {
		f, m.BodyForm = inProto, as
	}
	body, err := f.encode(req)
	if err != nil {
		return nil, badRequest(req.Operation, req.Model, "cannot be written: %s; correct it", writeHint(err))
	}
	if body == nil {
		return nil, badRequest(req.Operation, req.Model, "has no content; set the operation's own field of Request")
	}
	m.Body = body
	return m, nil
}

// DecodeRequest returns the request of a message. The body is the whole one, assembled from
// the message's own and its Parts, in the form that the message says. Provider and the own
// request's Provider and Fallbacks are empty: the receiver knows which of its providers was
// asked. Errors are *schemas.Error of kind invalid_request, or unsupported_operation.
func DecodeRequest(m *bifrostv1.Request, body []byte) (*schemas.Request, error) {
	req := &schemas.Request{Operation: schemas.Operation(m.GetOperation()), Model: m.GetModel()}
	f, known := forms[req.Operation]
	switch {
	case req.Operation == schemas.OperationListModels:
		return req, nil
	case req.Operation == schemas.OperationRaw:
		if m.GetRaw() == nil {
			return nil, badRequest(req.Operation, req.Model, "has no raw call; set the message's field raw")
		}
		req.Raw = decodeRawCall(m.GetRaw())
		req.Raw.Body = body
		return req, nil
	case !known:
		return nil, unknownOperation(req.Operation, req.Model)
	}
	if as := m.GetBodyForm(); as != bifrostv1.BodyForm_BODY_FORM_JSON {
		if f, known = messageForms[req.Operation]; !known || as != bifrostv1.BodyForm_BODY_FORM_PROTO {
			return nil, badRequest(req.Operation, req.Model, "has a body in the form %d, which this node does not know; send JSON", as)
		}
	}
	if err := f.decode(req, body); err != nil {
		return nil, badRequest(req.Operation, req.Model, "cannot be read: %s; correct its body", readHint(err))
	}
	return req, nil
}
