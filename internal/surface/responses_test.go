package surface_test

import (
	"bytes"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// asResponse returns an answer as a caller of the Responses API reads it: the body, or
// what its stream ends with.
func asResponse(t *rapid.T, answer *schemas.Response) gjson.Result {
	translation, err := openai.Surface{}.Translate(post("/responses", `{"model":"m","input":"hi"}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := surface.Answer(openai.Surface{}, translation, answer)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(out.Raw.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Stream == nil {
		return gjson.ParseBytes(body)
	}
	var last gjson.Result
	for events := wire.NewReader(bytes.NewReader(body)); ; {
		ev, err := events.Next()
		if err == io.EOF {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
		last = gjson.ParseBytes(bytes.Clone(ev.Data)).Get("response")
	}
}

// essenceOfResponse is what a response says, as essence has it.
func essenceOfResponse(r gjson.Result) told {
	var out told
	for _, item := range r.Get("output").Array() {
		switch item.Get("type").Str {
		case "reasoning":
			out.Reasoning += item.Get("summary.0.text").Str
		case "message":
			out.Text += item.Get("content.0.text").Str
		case "function_call":
			out.Calls = append(out.Calls, call{item.Get("name").Str, gjson.Parse(item.Get("arguments").Str).Value()})
		}
	}
	out.Finish = map[string]string{"": "stop", "max_output_tokens": "length", "content_filter": "content_filter"}[r.Get("incomplete_details.reason").Str]
	if out.Calls != nil {
		out.Finish = "tool_calls"
	}
	u := r.Get("usage")
	out.Usage = schemas.Usage{PromptTokens: int(u.Get("input_tokens").Int()), CompletionTokens: int(u.Get("output_tokens").Int()),
		TotalTokens: int(u.Get("total_tokens").Int())}
	out.Cached = int(u.Get("input_tokens_details.cached_tokens").Int())
	return out
}

// For every provider, a caller of the Responses API reads what the provider said, in a
// stream as in one piece.
func TestAResponseThroughTranslationSaysWhatTheProviderSaid(t *testing.T) {
	for _, provider := range slices.Concat(sides, providersOnly) {
		t.Run(provider.name, rapid.MakeCheck(func(t *rapid.T) {
			answer := anAnswer(t)
			if slices.Contains(provider.lacks, answer.Choices[0].FinishReason) {
				answer.Choices[0].FinishReason = "stop"
			}
			for _, stream := range []bool{false, true} {
				given := &schemas.Response{Chat: answer}
				if stream {
					given = &schemas.Response{Stream: &chunks{all: pieces(t, answer)}}
				}
				there := provider.read(t, provider.written(t, given), stream)
				got, want := essenceOfResponse(asResponse(t, there)), essence(t, answer)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("stream %v\ngot:  %s\nwant: %s", stream, text(got), text(want))
				}
			}
		}))
	}
}
