package anthropic

import (
	"encoding/json"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

type modelWire struct {
	Type        string    `json:"type"`
	ID          string    `json:"id"`
	DisplayName string    `json:"display_name"`
	CreatedAt   time.Time `json:"created_at"` // 1970 if it is not known
}

type modelsWire struct {
	Data    []modelWire `json:"data"`
	HasMore bool        `json:"has_more"`
	FirstID *string     `json:"first_id"`
	LastID  *string     `json:"last_id"`
}

// DecodeModels reads a model list. key is masked in an error that the answer may
// carry instead.
func DecodeModels(data []byte, key string) (*schemas.ModelList, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	list, ok := dialect.DecodeModels(gjson.GetBytes(data, "data"), func(m gjson.Result) schemas.Model {
		model := schemas.Model{ID: m.Get("id").Str, OwnedBy: "anthropic"}
		if at, err := time.Parse(time.RFC3339, m.Get("created_at").Str); err == nil {
			model.Created = max(0, at.Unix())
		}
		return model
	})
	if !ok || !dialect.ValidBytes(data) {
		return nil, dialect.BadAnswer("the answer is not a list of models; check network_config.base_url and the provider's type")
	}
	return list, nil
}

// EncodeModels writes a model list, whole.
func EncodeModels(list *schemas.ModelList) ([]byte, error) {
	out := modelsWire{Data: make([]modelWire, len(list.Data))}
	for i, m := range list.Data {
		out.Data[i] = modelOf(m)
	}
	if n := len(out.Data); n > 0 {
		out.FirstID, out.LastID = &out.Data[0].ID, &out.Data[n-1].ID
	}
	return json.Marshal(out)
}

func modelOf(m schemas.Model) modelWire {
	// A time that JSON cannot write is none that is known.
	const last = 253402300799 // of the year 9999
	if m.Created < 0 || m.Created > last {
		m.Created = 0
	}
	return modelWire{Type: "model", ID: m.ID, DisplayName: m.ID, CreatedAt: time.Unix(m.Created, 0).UTC()}
}
