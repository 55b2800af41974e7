package cohere

import (
	"encoding/json"

	"bifrost/schemas"
)

// decodeModels reads a list of models. What each can do is not told apart.
func decodeModels(data []byte) (*schemas.ModelList, error) {
	var in struct {
		Models []struct {
			Name          string  `json:"name"`
			ContextLength float64 `json:"context_length"`
		} `json:"models"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Models == nil {
		return nil, notThe("a list of models")
	}
	list := &schemas.ModelList{Object: "list", Data: make([]schemas.Model, len(in.Models))}
	for i, m := range in.Models {
		list.Data[i] = schemas.Model{ID: m.Name, Object: "model", OwnedBy: "cohere", ContextLength: int(m.ContextLength)}
	}
	return list, nil
}
