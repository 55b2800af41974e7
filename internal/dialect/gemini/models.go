package gemini

import (
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

type modelWire struct {
	Name        string   `json:"name"` // "models/" and the id
	BaseModelID string   `json:"baseModelId,omitempty"`
	Version     string   `json:"version"`
	DisplayName string   `json:"displayName"`
	Methods     []string `json:"supportedGenerationMethods"`
}

type modelsWire struct {
	Models []modelWire `json:"models"`
}

// namePrefix begins the name of a model that is not tuned.
const namePrefix = "models/"

// DecodeModels reads a model list. key is masked in an error that the answer may carry
// instead.
func DecodeModels(data []byte, key string) (*schemas.ModelList, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	list, ok := dialect.DecodeModels(gjson.GetBytes(data, "models"), func(m gjson.Result) schemas.Model {
		return schemas.Model{ID: strings.TrimPrefix(m.Get("name").Str, namePrefix), OwnedBy: "google"}
	})
	if !ok || !dialect.ValidBytes(data) {
		return nil, dialect.BadAnswer("the answer is not a list of models; check network_config.base_url and the provider's type")
	}
	return list, nil
}

// EncodeModels writes a model list, whole: it has no further page.
func EncodeModels(list *schemas.ModelList) ([]byte, error) {
	out := modelsWire{Models: make([]modelWire, len(list.Data))}
	for i, m := range list.Data {
		out.Models[i] = modelOf(m)
	}
	return answer(&out)
}

// modelOf returns a model with every method: which ones its provider has is not known.
func modelOf(m schemas.Model) modelWire {
	return modelWire{Name: namePrefix + m.ID, DisplayName: m.ID, Version: m.ID,
		Methods: []string{methodGenerate, methodStream, methodCount, methodEmbed, methodEmbedAll}}
}
