package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// EncodeResponse returns the message of an answer: of a whole one its body, in protobuf if
// it has that form, of a raw call its status and header. More says what follows. A raw body
// and a stream, whose chunks are for EncodeChunk, are neither read nor closed. Call is the
// caller's to set. Errors are *schemas.Error of kind internal.
func EncodeResponse(resp *schemas.Response) (*bifrostv1.Response, error) {
	return EncodeResponseAs(resp, bifrostv1.BodyForm_BODY_FORM_PROTO)
}

// EncodeResponseAs is EncodeResponse for an asker that takes a form, or JSON: as is the form
// of the request. The chunks of a stream are for EncodeChunkAs then.
func EncodeResponseAs(resp *schemas.Response, as bifrostv1.BodyForm) (*bifrostv1.Response, error) {
	m := &bifrostv1.Response{Served: encodeServed(&resp.Served)}
	switch {
	case resp.Stream != nil:
		m.More, m.BodyForm = bifrostv1.More_MORE_CHUNKS, ours(as)
		return m, nil
	case resp.Raw != nil:
		m.Raw = &bifrostv1.RawAnswer{Status: small(resp.Raw.StatusCode), Header: encodeHeader(resp.Raw.Header)}
		m.More = bifrostv1.More_MORE_BYTES
		return m, nil
	}
	body, in, err := marshalAnswer(resp, as)
	if err != nil {
		return nil, badAnswer(schemas.KindInternal, resp.Served,
			"the provider's answer cannot be written: %s; correct the provider", writeHint(err))
	}
	if body == nil {
		return nil, badAnswer(schemas.KindInternal, resp.Served, "the provider's answer is empty; correct the provider")
	}
	m.Body, m.BodyForm = body, in
	return m, nil
}

// ours is the form that an asker takes and this version has.
func ours(as bifrostv1.BodyForm) bifrostv1.BodyForm {
	if as == bifrostv1.BodyForm_BODY_FORM_PROTO {
		return as
	}
	return bifrostv1.BodyForm_BODY_FORM_JSON
}

// marshalAnswer writes an answer in the form, or in JSON if it does not have that, and says
// in which. It returns nil if the answer has no body.
func marshalAnswer(resp *schemas.Response, as bifrostv1.BodyForm) (body []byte, in bifrostv1.BodyForm, err error) {
	if ours(as) == bifrostv1.BodyForm_BODY_FORM_PROTO {
		switch {
		case resp.Chat != nil:
			body, err = marshalChat(resp.Chat)
			return body, as, err
		case resp.Embedding != nil:
			body, err = marshalEmbeddings(resp.Embedding)
			return body, as, err
		}
	}
	whole := wholeAnswer(resp)
	if whole == nil {
		return nil, in, nil
	}
	body, err = marshal(whole)
	return body, in, err
}

// DecodeResponse returns the answer to op of a message. The body is that of a whole answer,
// assembled from the message's own and its Parts, in the form that the message says. It is
// not looked at where the answer is a stream, or raw: Stream, or Raw.Body, is the caller's
// to set. Errors are *schemas.Error of kind upstream.
func DecodeResponse(op schemas.Operation, m *bifrostv1.Response, body []byte) (*schemas.Response, error) {
	resp := &schemas.Response{Served: decodeServed(m.GetServed())}
	raw, streams := m.GetRaw(), m.GetMore() == bifrostv1.More_MORE_CHUNKS
	read, whole := readers[op]
	form := m.GetBodyForm()
	switch {
	case raw == nil && form != bifrostv1.BodyForm_BODY_FORM_JSON && !hasForm(op, form):
		return nil, badAnswer(schemas.KindUpstream, resp.Served,
			"the node's answer to %s is in the form %d, which this node does not know; compare the versions of the nodes", op, form)
	case whole && raw == nil && !streams:
		if form == bifrostv1.BodyForm_BODY_FORM_PROTO {
			read = messageReaders[op]
		}
		if err := read(resp, body); err != nil {
			return nil, badAnswer(schemas.KindUpstream, resp.Served,
				"the node's answer to %s cannot be read: %s; compare the versions of the nodes", op, readHint(err))
		}
	case op == schemas.OperationChatStream && raw == nil && streams:
	case (op == schemas.OperationRaw || op == schemas.OperationSpeech) && raw != nil && !streams:
		resp.Raw = &schemas.RawResponse{StatusCode: int(raw.GetStatus()), Header: decodeHeader(raw.GetHeader())}
	default:
		return nil, badAnswer(schemas.KindUpstream, resp.Served,
			"the node's answer is none to %s; compare the versions of the nodes", op)
	}
	return resp, nil
}

// hasForm reports whether an answer to op, or its chunks, may be in a form other than JSON.
func hasForm(op schemas.Operation, form bifrostv1.BodyForm) bool {
	_, whole := messageReaders[op]
	return form == bifrostv1.BodyForm_BODY_FORM_PROTO && (whole || op == schemas.OperationChatStream)
}

func encodeServed(s *schemas.Served) *bifrostv1.Served {
	return &bifrostv1.Served{Provider: text(s.Provider), Model: text(s.Model), KeyName: text(s.KeyName),
		Attempts: small(s.Attempts), Dropped: texts(s.Dropped),
		Waited: encodeDuration(s.Waited), FirstContent: encodeDuration(s.FirstContent)}
}

func decodeServed(m *bifrostv1.Served) schemas.Served {
	return schemas.Served{Provider: m.GetProvider(), Model: m.GetModel(), KeyName: m.GetKeyName(),
		Attempts: int(m.GetAttempts()), Dropped: m.GetDropped(),
		Waited: decodeDuration(m.GetWaited()), FirstContent: decodeDuration(m.GetFirstContent())}
}
