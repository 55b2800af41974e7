package dialect

import (
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

func TestAnEntryOfAListOfModelsWithoutAnIDDoesNotLoseTheOthers(t *testing.T) {
	read := func(m gjson.Result) schemas.Model { return schemas.Model{ID: m.Get("id").Str} }
	for text, want := range map[string]int{`[{"id":"a"},{"id":7},{"id":null},{},null,"b",["c"],{"id":""},{"id":"d"}]`: 2, `[]`: 0} {
		list, ok := DecodeModels(gjson.Parse(text), read)
		if !ok || len(list.Data) != want || list.Data == nil {
			t.Errorf("%s: got %+v, %v", text, list, ok)
		}
	}
	for _, text := range []string{`[{}]`, `[null]`, `{"id":"a"}`, `null`, `"a"`, ``} {
		if list, ok := DecodeModels(gjson.Parse(text), read); ok {
			t.Errorf("%q was taken for a list: %+v", text, list)
		}
	}
}

// FuzzDecodeModels holds every list: each of its models can be asked for, and none is
// lost that has an id.
func FuzzDecodeModels(f *testing.F) {
	f.Add(`[{"id":"a"},{"id":"b","created":1}]`)
	f.Add(`[{"id":7},null,"x",{"id":"c"}]`)
	f.Add(`{"0":{"id":"a"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !ValidText(text) {
			return
		}
		list, ok := DecodeModels(gjson.Parse(text), func(m gjson.Result) schemas.Model { return schemas.Model{ID: m.Get("id").Str} })
		if !ok {
			return
		}
		var want []string
		for _, m := range gjson.Parse(text).Array() {
			if id := m.Get("id").Str; m.IsObject() && id != "" {
				want = append(want, id)
			}
		}
		if len(list.Data) != len(want) {
			t.Fatalf("got %+v, want %q", list.Data, want)
		}
		for i, m := range list.Data {
			if m.ID != want[i] || m.Object != "model" {
				t.Fatalf("got %+v, want %q", list.Data, want)
			}
		}
	})
}
