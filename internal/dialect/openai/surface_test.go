package openai

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

func translated(fields string) (dialect.Translation, error) {
	return (Surface{}).Translate(&schemas.RawRequest{Method: "POST", Path: PathChat, Body: []byte(`{"model":"m",` + fields + `}`)})
}

func TestFieldsWithinAChatThatNoOtherDialectReadsAreNamed(t *testing.T) {
	for fields, want := range map[string][]string{
		`"messages":[{"role":"user","content":"a","x":1},{"role":"assistant","content":"b","annotations":[],"audio":null}],"y":1`: {"messages.x"},
		`"messages":[{"role":"user","content":[{"type":"text","text":"a","x":1},{"type":"image_url","image_url":{"url":"http://a","y":1}}]}]`: {
			"messages.content.image_url.y", "messages.content.x"},
		`"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","x":1,"function":{"name":"f","parameters":{"x":1},"y":1}}]`: {
			"tools.function.y", "tools.x"},
		`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"s"}}}]}]`: {
			"messages.tool_calls.extra_content"},
		`"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_object","x":1}`: {"response_format.x"},
	} {
		tr, err := translated(fields)
		if err != nil {
			t.Fatal(err)
		}
		if got := tr.(dialect.Lossy).Dropped(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", fields, got)
		}
	}
}

func TestAMessageThatSpeaksOrCallsInAFieldOfOpenAIsOnlyIsRefused(t *testing.T) {
	for field, message := range map[string]string{
		"messages[1].audio":         `{"role":"assistant","audio":{"id":"audio_1"}}`,
		"messages[1].tool_calls[0]": `{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"x"}}]}`,
		"messages[1].function_call": `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}`,
	} {
		_, err := translated(`"messages":[{"role":"user","content":"a"},` + message + `]`)
		if !errors.Is(err, schemas.ErrUnsupportedOperation) || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
