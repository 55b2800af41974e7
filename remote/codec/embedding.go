package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// embeddingMessageForm is a request for embeddings as a bifrostv1.EmbeddingRequest.
var embeddingMessageForm = form{
	encode: func(r *schemas.Request) ([]byte, error) {
		s := r.Embedding
		if s == nil {
			return nil, nil
		}
		return marshalMessage(&bifrostv1.EmbeddingRequest{Model: text(s.Model), Input: texts(s.Input), NoInput: s.Input == nil,
			Dimensions: wide(s.Dimensions), User: text(s.User), Extra: encodeExtra(s.Extra)})
	},
	decode: func(r *schemas.Request, body []byte) error {
		m := &bifrostv1.EmbeddingRequest{}
		if err := unmarshalMessage(body, m); err != nil {
			return err
		}
		var c checks
		c.extra(m.GetExtra())
		r.Embedding = &schemas.EmbeddingRequest{Model: m.GetModel(), Input: decodeEmpty(schemas.Strings(m.GetInput()), m.GetNoInput()),
			Dimensions: narrow(m.Dimensions), User: m.GetUser(), Extra: decodeExtra(m.GetExtra())}
		return c.err
	},
}

// marshalEmbeddings returns an answer as a bifrostv1.EmbeddingResponse.
func marshalEmbeddings(s *schemas.EmbeddingResponse) ([]byte, error) {
	m := &bifrostv1.EmbeddingResponse{Object: text(s.Object), Data: encodeList(s.Data, encodeEmbedding), NoData: s.Data == nil,
		Model: text(s.Model), Usage: encodeUsage(s.Usage)}
	if err := checkEmbeddings(m); err != nil {
		return nil, err
	}
	return marshalMessage(m)
}

func unmarshalEmbeddings(resp *schemas.Response, body []byte) error {
	m := &bifrostv1.EmbeddingResponse{}
	if err := unmarshalMessage(body, m); err != nil {
		return err
	}
	resp.Embedding = &schemas.EmbeddingResponse{Object: m.GetObject(),
		Data:  decodeEmpty(decodeList(m.GetData(), decodeEmbedding), m.GetNoData()),
		Model: m.GetModel(), Usage: decodeUsage(m.GetUsage())}
	return checkEmbeddings(m)
}

func encodeEmbedding(m *bifrostv1.Embedding, s *schemas.Embedding) {
	m.Object, m.Index, m.Embedding, m.NoEmbedding = text(s.Object), int64(s.Index), s.Embedding, s.Embedding == nil
}

func decodeEmbedding(s *schemas.Embedding, m *bifrostv1.Embedding) {
	s.Object, s.Index, s.Embedding = m.GetObject(), int(m.GetIndex()), decodeEmpty(m.GetEmbedding(), m.GetNoEmbedding())
}

func checkEmbeddings(m *bifrostv1.EmbeddingResponse) error {
	var c checks
	for _, e := range m.GetData() {
		c.numbers("data.embedding", e.GetEmbedding())
	}
	return c.err
}
