package openai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
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
	return decodeEmbeddings(data, key, false)
}

// decodeEmbeddings does so; signed says that base64 is of signed bytes, and else of
// 32-bit floats.
func decodeEmbeddings(data []byte, key string, signed bool) (*schemas.EmbeddingResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in struct {
		Object string `json:"object"`
		Data   []struct {
			Object    string          `json:"object"`
			Index     int             `json:"index"`
			Embedding json.RawMessage `json:"embedding"`
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
		v, err := vectorOf(d.Embedding, signed)
		if err != nil {
			return nil, dialect.BadAnswer("an embedding is neither a list of numbers nor base64 of them; check network_config.base_url and the provider's type")
		}
		resp.Data[i] = schemas.Embedding{Object: d.Object, Index: d.Index, Embedding: v}
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

// vectorOf reads an embedding: numbers, or base64 of little-endian 32-bit floats or of
// signed bytes.
func vectorOf(data json.RawMessage, signed bool) (v []float64, err error) {
	if len(data) == 0 || data[0] != '"' {
		if len(data) > 0 {
			err = json.Unmarshal(data, &v)
		}
		return v, err
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return nil, err
	case signed:
		v = make([]float64, len(raw))
		for i, b := range raw {
			v[i] = float64(int8(b))
		}
		return v, nil
	case len(raw)%4 != 0:
		return nil, errors.New("not of 32-bit floats")
	}
	v = make([]float64, len(raw)/4)
	for i := range v {
		v[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	return v, nil
}

// formatSignedBytes asks for vectors of signed bytes
// (https://docs.perplexity.ai/docs/embeddings/best-practices).
const formatSignedBytes = "base64_int8"

// asSignedBytes returns the request with vectors of signed bytes asked for, and the name
// of the field that this replaces.
func asSignedBytes(req *schemas.EmbeddingRequest) (out *schemas.EmbeddingRequest, dropped []string) {
	const format = "encoding_format"
	own := *req
	if _, given := req.Extra[format]; given {
		dropped = []string{format}
	}
	own.Extra = maps.Clone(req.Extra)
	if own.Extra == nil {
		own.Extra = map[string]json.RawMessage{}
	}
	own.Extra[format] = json.RawMessage(`"` + formatSignedBytes + `"`)
	return &own, dropped
}
