package dialect_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
)

func TestOnlyTheChangedElementsOfAListHaveOtherBytes(t *testing.T) {
	swap := func(e gjson.Result) (string, bool) {
		return strings.ReplaceAll(e.Raw, "old", "newer"), strings.Contains(e.Raw, "old")
	}
	for given, want := range map[string]string{
		`{ "a": 1.0, "list" : [ {"x":"old"} ,{ "y" : 1.0},"old",["old"], {"x":"old"}], "z":"old" }`: `{ "a": 1.0, "list" : [ {"x":"newer"} ,{ "y" : 1.0},"old",["old"], {"x":"newer"}], "z":"old" }`,
		`{"list":[{"x":"other"}]}`:   `{"list":[{"x":"other"}]}`,
		`{"list":{"x":"old"}}`:       `{"list":{"x":"newer"}}`,
		`{"list":"old"}`:             `{"list":"old"}`,
		`{}`:                         `{}`,
		` { "list" : [{"x":"old"}]}`: ` { "list" : [{"x":"newer"}]}`,
	} {
		body := []byte(given)
		if got := dialect.WithElements(body, "list", swap); string(got) != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
		if string(body) != given {
			t.Errorf("the body was modified: %s", body)
		}
	}
}
