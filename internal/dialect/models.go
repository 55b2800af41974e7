package dialect

import (
	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

// DecodeModels reads a provider's list of models, entry by entry, with read. An entry
// without an id cannot be asked for and is left out; so no entry loses the others. False
// is told of what is no list, and of one that has entries and no id.
func DecodeModels(list gjson.Result, read func(entry gjson.Result) schemas.Model) (*schemas.ModelList, bool) {
	if !list.IsArray() {
		return nil, false
	}
	out := &schemas.ModelList{Object: "list", Data: []schemas.Model{}}
	entries := 0
	list.ForEach(func(_, entry gjson.Result) bool {
		entries++
		if !entry.IsObject() {
			return true
		}
		if m := read(entry); m.ID != "" {
			m.Object = "model"
			out.Data = append(out.Data, m)
		}
		return true
	})
	return out, entries == 0 || len(out.Data) > 0
}
