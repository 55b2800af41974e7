package openai

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func callOf(path, body string) *schemas.RawRequest {
	return &schemas.RawRequest{Method: http.MethodPost, Path: path, Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
}

func TestUsageIsAskedForWithoutAnotherByteOfTheCall(t *testing.T) {
	for sent, want := range map[string]string{
		`{"stream":true}`: `{"stream_options":{"include_usage":true},"stream":true}`,
		"\n{ \"model\" : \"m\", \"stream\" : true , \"x\":1.0}":                    "\n{\"stream_options\":{\"include_usage\":true}, \"model\" : \"m\", \"stream\" : true , \"x\":1.0}",
		`{"stream":true,"stream_options":null}`:                                    `{"stream":true,"stream_options":{"include_usage":true}}`,
		`{"stream":true,"stream_options":{ }}`:                                     `{"stream":true,"stream_options":{"include_usage":true }}`,
		`{"stream":true,"stream_options":{"include_obfuscation":false}}`:           `{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}`,
		`{"stream":true,"stream_options":{"a":1, "include_usage" : false },"b":2}`: `{"stream":true,"stream_options":{"a":1, "include_usage" : true },"b":2}`,
		`{"stream":true,"stream_options":{"include_usage":null}}`:                  `{"stream":true,"stream_options":{"include_usage":true}}`,
	} {
		for _, path := range []string{PathChat, PathCompletions} {
			raw := callOf(path, sent)
			if got := (Codec{AsksUsage: true}).AskUsage(raw); string(got.Body) != want || string(raw.Body) != sent {
				t.Errorf("%s:\ngot  %s\nwant %s", sent, got.Body, want)
			}
		}
	}
}

func TestACallThatNeedNotOrMayNotBeAskedForItsUsageStaysAsItIs(t *testing.T) {
	const stream = `{"stream":true}`
	form := callOf(PathChat, stream)
	form.Header = http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}
	packed := callOf(PathChat, stream)
	packed.Header.Set("Content-Encoding", "gzip")
	for name, c := range map[string]struct {
		codec Codec
		raw   *schemas.RawRequest
	}{
		"it asks itself":             {Codec{AsksUsage: true}, callOf(PathChat, `{"stream":true,"stream_options":{"include_usage":true}}`)},
		"it has no stream":           {Codec{AsksUsage: true}, callOf(PathChat, `{"stream":false}`)},
		"the provider may refuse":    {Codec{}, callOf(PathChat, stream)},
		"it counts anyway":           {Codec{AsksUsage: true}, callOf(PathResponses, stream)},
		"it is no json":              {Codec{AsksUsage: true}, callOf(PathChat, `{"stream":true,`)},
		"it is said to be no json":   {Codec{AsksUsage: true}, form},
		"it is compressed":           {Codec{AsksUsage: true}, packed},
		"its options are no object":  {Codec{AsksUsage: true}, callOf(PathChat, `{"stream":true,"stream_options":[]}`)},
		"its data is at the service": {Codec{AsksUsage: true}, callOf(PathChat, `{"stream":true,"data_sources":[]}`)},
	} {
		if got := c.codec.AskUsage(c.raw); got != c.raw {
			t.Errorf("%s: it became %s", name, got.Body)
		}
	}
}

func TestAStreamWhoseUsageWasAskedForPassesAsIfItHadNot(t *testing.T) {
	const (
		part  = `{"choices":[{"index":0,"delta":{"content":"\"usage\":null"}}]`
		other = `{"choices":[],"prompt_filter_results":[]`
		last  = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]`
	)
	event := func(s string) string { return "data: " + s + "\n\n" }
	sent := event(other+`,"usage":null}`) + event(part+`,"usage":null,"x":1}`) + ": ping\n\n" + event(`{"usage": null, `+part[1:]+"}") +
		event(last+`,"usage":null}`) + event(`{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}}`) + event(EndOfStream)
	want := event(other+`}`) + event(part+`,"x":1}`) + ": ping\n\n" + event(`{`+part[1:]+"}") + event(last+`}`) + event(EndOfStream)
	w := Codec{}.WatchAsked(callOf(PathChat, `{}`), "sk-1")
	got := dialecttest.Watched(w, sent)
	if got.Failure != nil || gjson.Valid(got.Passed) || got.Passed != want {
		t.Errorf("got  %s\nwant %s", got.Passed, want)
	}
	if u := w.Usage(); u == nil || *u != (schemas.Usage{PromptTokens: 2, CompletionTokens: 3, TotalTokens: 5}) {
		t.Errorf("usage %+v", u)
	}
	plain := Codec{}.Watch(callOf(PathChat, `{}`), "sk-1")
	if got := dialecttest.Watched(plain, event(part+`,"usage":null}`)); got.Passed != event(part+`,"usage":null}`) {
		t.Errorf("nobody has asked, and it became %s", got.Passed)
	}
}

func TestUsageIsReadInAllItsForms(t *testing.T) {
	for data, want := range map[string]*schemas.Usage{
		`{"prompt_tokens":1,"completion_tokens":2}`: {PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3},
		`{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":5}}`: {
			PromptTokens: 10, CompletionTokens: 20, TotalTokens: 30, PromptTokensDetails: &schemas.PromptTokensDetails{CachedTokens: 4},
			CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: 5}},
		`{"input_tokens":1,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":3}`: {
			PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3, PromptTokensDetails: &schemas.PromptTokensDetails{CachedTokens: 1},
			CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: 2}},
		`{"type":"duration","seconds":3}`: nil,
		`{}`:                              nil,
	} {
		got, _ := json.Marshal(usageIn([]byte(data)))
		if want, _ := json.Marshal(want); string(got) != string(want) {
			t.Errorf("%s: got %s, want %s", data, got, want)
		}
	}
}

func FuzzAskUsage(f *testing.F) {
	for _, body := range []string{`{"stream":true}`, `{"stream":true,"stream_options":{"include_usage":false,"x":1}}`, ` {"stream":true,"stream_options":null}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		raw := callOf(PathChat, string(body))
		got := Codec{AsksUsage: true}.AskUsage(raw)
		if got == raw {
			return
		}
		var before, after map[string]any
		if err := json.Unmarshal(got.Body, &after); err != nil {
			t.Fatalf("not json: %s", got.Body)
		}
		if !wantsUsage(got) {
			t.Fatalf("it does not ask: %s", got.Body)
		}
		if json.Unmarshal(body, &before) != nil || len(after) > len(before)+1 {
			t.Fatalf("%s became %s", body, got.Body)
		}
	})
}
