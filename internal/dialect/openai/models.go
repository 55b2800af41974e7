package openai

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// DecodeModels reads a model list: the dialect's object, or the bare array that
// some providers send. key is masked in an error that the answer may carry
// instead.
func DecodeModels(data []byte, key string) (*schemas.ModelList, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	list := gjson.ParseBytes(data)
	if list.IsObject() {
		list = list.Get("data")
	}
	models, ok := dialect.DecodeModels(list, func(m gjson.Result) schemas.Model {
		return schemas.Model{ID: m.Get("id").Str, Created: int64(lenientNumber(m.Get("created"))), OwnedBy: m.Get("owned_by").Str}
	})
	if !ok || !dialect.ValidBytes(data) {
		return nil, dialect.BadAnswer("the answer is not a list of models; check network_config.base_url and the provider's type")
	}
	return models, nil
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
