package cohere

import (
	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// decodeModels reads a list of models. What each can do is not told apart.
func decodeModels(data []byte) (*schemas.ModelList, error) {
	list, ok := dialect.DecodeModels(gjson.GetBytes(data, "models"), func(m gjson.Result) schemas.Model {
		return schemas.Model{ID: m.Get("name").Str, OwnedBy: "cohere", ContextLength: int(max(0, m.Get("context_length").Int()))}
	})
	if !ok || !dialect.ValidBytes(data) {
		return nil, notThe("a list of models")
	}
	return list, nil
}
