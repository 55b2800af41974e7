package openai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// EncodeEmbedding writes req for model; an empty model means req.Model. req is
// not modified. Extra's fields follow the typed ones and never override them.
func EncodeEmbedding(req *schemas.EmbeddingRequest, model string) ([]byte, error) {
	w := struct {
		*schemas.EmbeddingRequest
		Model string `json:"model"`
	}{req, model}
	if w.Model == "" {
		w.Model = req.Model
	}
	body, err := json.Marshal(w)
	if err != nil {
		return nil, dialect.BadRequest("the embedding request cannot be written as json; correct its input")
	}
	return dialect.Merge(body, req.Extra)
}

// DecodeEmbedding reads an embedding request. Names are compared exactly, and
// unknown fields go to Extra. Input
// given as token numbers is not part of the canonical form.
func DecodeEmbedding(data []byte) (*schemas.EmbeddingRequest, error) {
	req := &schemas.EmbeddingRequest{}
	extra, err := decodeRequest(data, req, embeddingFields)
	if err != nil {
		return nil, err
	}
	if len(extra) > 0 {
		req.Extra = extra
	}
	switch {
	case req.Model == "":
		return nil, dialect.BadRequest("the field model is missing; name a model")
	case len(req.Input) == 0:
		return nil, dialect.BadRequest("the field input is missing or empty; send a string or an array of strings")
	}
	return req, nil
}

// DecodeEmbeddingResponse reads vectors written as numbers or as base64. key is
// masked in an error that the answer may carry instead.
func DecodeEmbeddingResponse(data []byte, key string) (*schemas.EmbeddingResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in struct {
		Object string `json:"object"`
		Data   []struct {
			Object    string `json:"object"`
			Index     int    `json:"index"`
			Embedding vector `json:"embedding"`
		} `json:"data"`
		Model string         `json:"model"`
		Usage *schemas.Usage `json:"usage"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Data == nil {
		return nil, dialect.BadAnswer("the answer is not a list of embeddings; check network_config.base_url and the provider's type")
	}
	resp := &schemas.EmbeddingResponse{Object: in.Object, Model: in.Model, Usage: in.Usage,
		Data: make([]schemas.Embedding, len(in.Data))}
	for i, d := range in.Data {
		resp.Data[i] = schemas.Embedding{Object: d.Object, Index: d.Index, Embedding: d.Embedding}
	}
	return resp, nil
}

// EncodeEmbeddingResponse writes vectors as numbers.
func EncodeEmbeddingResponse(resp *schemas.EmbeddingResponse) ([]byte, error) {
	out := *resp
	out.Object = "list"
	out.Data = make([]schemas.Embedding, len(resp.Data))
	for i, d := range resp.Data {
		d.Object = "embedding"
		if d.Embedding == nil {
			d.Embedding = []float64{}
		}
		out.Data[i] = d
	}
	return json.Marshal(out)
}

// encodePackedEmbeddings writes vectors as base64 of little-endian 32-bit floats, which is
// what clients expect that have asked for it.
func encodePackedEmbeddings(resp *schemas.EmbeddingResponse) ([]byte, error) {
	type packed struct {
		Object    string `json:"object"`
		Index     int    `json:"index"`
		Embedding []byte `json:"embedding"`
	}
	out := struct {
		*schemas.EmbeddingResponse
		Object string   `json:"object"`
		Data   []packed `json:"data"`
	}{resp, "list", make([]packed, len(resp.Data))}
	for i, d := range resp.Data {
		raw := make([]byte, 0, 4*len(d.Embedding))
		for _, number := range d.Embedding {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(number)))
		}
		out.Data[i] = packed{"embedding", d.Index, raw}
	}
	return json.Marshal(out)
}

// vector is an embedding: numbers, or base64 of little-endian 32-bit floats.
type vector []float64

// UnmarshalJSON implements json.Unmarshaler.
func (v *vector) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '"' {
		return json.Unmarshal(data, (*[]float64)(v))
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw)%4 != 0 {
		return dialect.BadAnswer("an embedding is not base64 of 32-bit floats")
	}
	*v = make(vector, len(raw)/4)
	for i := range *v {
		(*v)[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	return nil
}
