package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// EncodeResponse returns the message of an answer: of a whole one its body, of a raw call
// its status and header. More says what follows. A raw body and a stream are neither read
// nor closed. Call is the caller's to set. Errors are *schemas.Error of kind internal.
func EncodeResponse(resp *schemas.Response) (*bifrostv1.Response, error) {
	m := &bifrostv1.Response{Served: encodeServed(&resp.Served)}
	switch {
	case resp.Stream != nil:
		m.More = bifrostv1.More_MORE_CHUNKS
		return m, nil
	case resp.Raw != nil:
		m.Raw = &bifrostv1.RawAnswer{Status: small(resp.Raw.StatusCode), Header: encodeHeader(resp.Raw.Header)}
		m.More = bifrostv1.More_MORE_BYTES
		return m, nil
	}
	whole := wholeAnswer(resp)
	if whole == nil {
		return nil, badAnswer(schemas.KindInternal, resp.Served, "the provider's answer is empty; correct the provider")
	}
	body, err := marshal(whole)
	if err != nil {
		return nil, badAnswer(schemas.KindInternal, resp.Served,
			"the provider's answer cannot be written as JSON: %s; correct the provider", writeHint(err))
	}
	m.Body = body
	return m, nil
}

// DecodeResponse returns the answer to op of a message. The body is that of a whole answer,
// assembled from the message's own and its Parts. It is not looked at where the answer is a
// stream, or raw: Stream, or Raw.Body, is the caller's to set. Errors are *schemas.Error of
// kind upstream.
func DecodeResponse(op schemas.Operation, m *bifrostv1.Response, body []byte) (*schemas.Response, error) {
	resp := &schemas.Response{Served: decodeServed(m.GetServed())}
	raw, streams := m.GetRaw(), m.GetMore() == bifrostv1.More_MORE_CHUNKS
	read, whole := readers[op]
	switch {
	case whole && raw == nil && !streams:
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

func encodeServed(s *schemas.Served) *bifrostv1.Served {
	return &bifrostv1.Served{Provider: text(s.Provider), Model: text(s.Model), KeyName: text(s.KeyName),
		Attempts: small(s.Attempts), Dropped: texts(s.Dropped)}
}

func decodeServed(m *bifrostv1.Served) schemas.Served {
	return schemas.Served{Provider: m.GetProvider(), Model: m.GetModel(), KeyName: m.GetKeyName(),
		Attempts: int(m.GetAttempts()), Dropped: m.GetDropped()}
}
