package vertex

import (
	"bytes"
	"testing"

	"github.com/tidwall/gjson"
)

func TestCallsAndResultsAreSentWithoutIDsAndInTheSameOrder(t *testing.T) {
	const (
		asked = `{"role":"user","parts":[{"text":"\"id\""}]}`
		calls = `{"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":1}},"thoughtSignature":"s"},{"functionCall":{"name":"f","args":{}}}]}`
	)
	for given, want := range map[string]string{
		// Results that come in another order than their calls, of one function.
		`{"contents":[` + asked + `,{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{"id":1}},"thoughtSignature":"s"},{"functionCall":{"name":"f","args":{},"id":"2"}}]},` +
			`{"role":"user","parts":[{"functionResponse":{"id":"2","name":"f","response":{"id":2}}},{"functionResponse":{"id":"1","name":"f","response":{"id":1}}}]}]}`: `{"contents":[` + asked + `,` + calls + `,` +
			`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"id":1}}},{"functionResponse":{"name":"f","response":{"id":2}}}]}]}`,
		// Google's other spelling; a result of a call that is not known keeps its place.
		`{"contents":[{"parts":[{"function_call":{"id":"1","name":"f"}}]},{"parts":[{"function_response":{"id":"9","name":"g"}},{"function_response":{"id":"1","name":"f"}},{"text":"x"}]}]}`: `{"contents":[{"parts":[{"function_call":{"name":"f"}}]},{"parts":[{"function_response":{"name":"g"}},{"function_response":{"name":"f"}},{"text":"x"}]}]}`,
		// Two calls of one id: nothing is known of their results.
		`{"contents":[{"parts":[{"functionCall":{"id":"1","name":"f"}},{"functionCall":{"id":"1","name":"f"}}]},{"parts":[{"functionResponse":{"id":"1","name":"b"}},{"functionResponse":{"id":"1","name":"a"}}]}]}`: `{"contents":[{"parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"f"}}]},{"parts":[{"functionResponse":{"name":"b"}},{"functionResponse":{"name":"a"}}]}]}`,
		// Ids that say nothing.
		`{"contents":[{"parts":[{"functionCall":{"id":"","name":"f"}}]},{"parts":[{"functionResponse":{"id":null,"name":"f"}}]}]}`: `{"contents":[{"parts":[{"functionCall":{"name":"f"}}]},{"parts":[{"functionResponse":{"name":"f"}}]}]}`,
		`{ "contents":[` + asked + `, ` + calls + `] }`: `{ "contents":[` + asked + `, ` + calls + `] }`,
		`{"id":1,"functionCall`:                         `{"id":1,"functionCall`,
	} {
		if got := withoutCallIDs([]byte(given)); string(got) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", given, got, want)
		}
	}
}

func TestTheWishThatNothingBeStoredIsNotSent(t *testing.T) {
	for given, want := range map[string]string{
		`{"contents":[],"store":false}`:                          `{"contents":[]}`,
		`{"contents":[], "store": true}`:                         `{"contents":[], "store": true}`,
		`{"contents":[{"parts":[{"text":"\"store\""}]}], "a":1}`: `{"contents":[{"parts":[{"text":"\"store\""}]}], "a":1}`,
	} {
		if got := withoutStore([]byte(given)); string(got) != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
}

func FuzzCallsWithoutIDs(f *testing.F) {
	f.Add([]byte(`{"contents":[{"parts":[{"functionCall":{"id":"1"}}]},{"parts":[{"functionResponse":{"id":"1"}},{"text":"a"}]}]}`))
	f.Add([]byte(`{"contents":{"0":{"parts":[{"function_call":{"id":{}}}]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got := withoutCallIDs(body)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was modified")
		}
		if gjson.ValidBytes(body) && !gjson.ValidBytes(got) {
			t.Fatalf("made %q of %q", got, body)
		}
		if again := withoutCallIDs(got); !bytes.Equal(again, got) {
			t.Fatalf("made %q of %q, and %q of that", got, body, again)
		}
	})
}
