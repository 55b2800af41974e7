package vertex

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
)

// The fields of a part that is a call, and of one that is a result, in both spellings.
var (
	callFields   = []string{"functionCall", "function_call"}
	resultFields = []string{"functionResponse", "function_response"}
)

// withoutCallIDs returns a request's body without the ids of calls and results, which
// Google's other API has and Vertex AI refuses (github.com/vercel/ai issue 15664 and
// github.com/charmbracelet/fantasy issue 265). A result is then of the call in its place:
// those of a content are put into the order of the calls before it. A body without ids
// keeps its bytes; body is not modified.
func withoutCallIDs(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"id"`)) || !bytes.Contains(body, []byte(`"function`)) || !dialect.ValidBytes(body) {
		return body
	}
	var calls map[string]int // the places of the calls before, by id; -1: several have it
	return dialect.WithElements(body, "contents", func(content gjson.Result) (string, bool) {
		ids := map[string]int{}
		made := 0
		var parts []part
		changed := false
		for _, p := range content.Get("parts").Array() {
			one, id, is := without(p, callFields)
			if is {
				note(ids, id, made)
				made++
				changed = changed || one != p.Raw
				parts = append(parts, part{json: one, place: -1})
				continue
			}
			one, id, is = without(p, resultFields)
			changed = changed || one != p.Raw
			parts = append(parts, part{json: one, result: is, place: placeOf(id, calls)})
		}
		if made > 0 {
			calls = ids
		}
		if !changed {
			return "", false
		}
		return withParts(content.Raw, parts)
	})
}

// part is a part of a content, and the call that it is the result of.
type part struct {
	json   string
	result bool
	place  int // among the calls; -1: not known
}

// note notes the place of a call.
func note(places map[string]int, id string, place int) {
	if _, twice := places[id]; twice {
		place = -1
	}
	places[id] = place
}

// placeOf returns the place of the only call with an id, or -1.
func placeOf(id string, places map[string]int) int {
	if place, is := places[id]; is && id != "" {
		return place
	}
	return -1
}

// without returns a part without the id of the field that it has of names, and the id.
func without(p gjson.Result, names []string) (json, id string, is bool) {
	for _, name := range names {
		if inner := p.Get(name); inner.IsObject() {
			out, err := sjson.SetRaw(p.Raw, name, withoutMember(inner, "id"))
			if err != nil {
				return p.Raw, "", true
			}
			return out, inner.Get("id").String(), true
		}
	}
	return p.Raw, "", false
}

// withoutMember returns an object without the members of a name, of which there may be
// several.
func withoutMember(object gjson.Result, name string) string {
	out := []byte{'{'}
	object.ForEach(func(key, value gjson.Result) bool {
		if key.Str != name {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(out, key.Raw...), ':'), value.Raw...)
		}
		return true
	})
	return string(append(out, '}'))
}

// withParts returns a content with other parts. Results are sorted if it is known of all
// of them which call they are of.
func withParts(content string, parts []part) (string, bool) {
	if !slices.ContainsFunc(parts, func(p part) bool { return !p.result || p.place < 0 }) {
		slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.place, b.place) })
	}
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = p.json
	}
	out, err := sjson.SetRaw(content, "parts", "["+strings.Join(all, ",")+"]")
	return out, err == nil
}

// withoutStore returns a request's body without the wish that nothing be stored, which
// Google's other API has and Vertex AI refuses: it stores nothing.
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
func withoutStore(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"store"`)) || !dialect.ValidBytes(body) || gjson.GetBytes(body, "store").Type != gjson.False {
		return body
	}
	out, err := sjson.DeleteBytes(body, "store")
	if err != nil {
		return body
	}
	return out
}
