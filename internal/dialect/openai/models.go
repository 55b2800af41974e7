package openai

import (
	"bytes"
	"encoding/json"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

type modelWire struct {
	ID      string     `json:"id"`
	Created lenientInt `json:"created"`
	OwnedBy string     `json:"owned_by"`
}

// DecodeModels reads a model list: the dialect's object, or the bare array that
// some providers send. key is masked in an error that the answer may carry
// instead.
func DecodeModels(data []byte, key string) (*schemas.ModelList, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in struct {
		Data []modelWire `json:"data"`
	}
	var err error
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		err = json.Unmarshal(trimmed, &in.Data)
	} else {
		err = json.Unmarshal(data, &in)
	}
	if err != nil || in.Data == nil {
		return nil, dialect.BadAnswer("the answer is not a list of models; check network_config.base_url and the provider's type")
	}
	list := &schemas.ModelList{Object: "list", Data: make([]schemas.Model, len(in.Data))}
	for i, m := range in.Data {
		list.Data[i] = schemas.Model{ID: m.ID, Object: "model", Created: int64(m.Created), OwnedBy: m.OwnedBy}
	}
	return list, nil
}

// EncodeModels writes a model list; data is never null.
func EncodeModels(list *schemas.ModelList) ([]byte, error) {
	out := schemas.ModelList{Object: "list", Data: make([]schemas.Model, len(list.Data))}
	for i, m := range list.Data {
		m.Object = "model"
		out.Data[i] = m
	}
	return json.Marshal(out)
}

// encodeModel writes one model.
func encodeModel(m schemas.Model) ([]byte, error) {
	m.Object = "model"
	return json.Marshal(m)
}
