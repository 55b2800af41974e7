package adapter_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/bedrock"
	"bifrost/internal/dialect/cohere"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// An answer of each kind counts 3 tokens of the prompt and 4 of its own.
var (
	long = strings.Repeat("word ", 40<<10)

	openaiWhole   = `{"choices":[{"index":0,"message":{"role":"assistant","content":"TEXT"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`
	openaiStream  = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\ndata: [DONE]\n\n"
	oneResponse   = `{"object":"response","id":"r","status":"completed","output":[],"note":"TEXT","usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7},"user":null}`
	responses     = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\nevent: response.completed\ndata: {\"type\":\"response.completed\",\"response\":" + oneResponse + "}\n\n"
	claudeWhole   = `{"type":"message","role":"assistant","content":[{"type":"text","text":"TEXT"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"cache_read_input_tokens":2,"output_tokens":4}}`
	claudeStream  = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":1,\"cache_read_input_tokens\":2,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	geminiWhole   = `{"candidates":[{"content":{"role":"model","parts":[{"text":"TEXT"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":3,"thoughtsTokenCount":1,"totalTokenCount":7},"modelVersion":"m"}`
	geminiStream  = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}],\"usageMetadata\":{\"promptTokenCount\":3,\"totalTokenCount\":3}}\n\ndata: " + geminiWhole + "\n\n"
	cohereWhole   = `{"id":"c","message":{"role":"assistant","content":[{"type":"text","text":"TEXT"}]},"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":1,"output_tokens":4},"tokens":{"input_tokens":3,"output_tokens":4}}}`
	cohereStream  = "data: {\"type\":\"message-start\",\"id\":\"c\"}\n\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\n\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{\"tokens\":{\"input_tokens\":3,\"output_tokens\":4}}}}\n\n"
	bedrockWhole  = `{"metrics":{},"output":{"message":{"role":"assistant","content":[{"text":"TEXT"}]}},"stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7}}`
	bedrockStream = frames("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"a"}}`, "messageStop", `{"stopReason":"end_turn"}`,
		"metadata", `{"metrics":{"latencyMs":1},"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7}}`)
)

// frames are events of a stream of Bedrock's, by their names and payloads.
func frames(events ...string) string {
	var out bytes.Buffer
	for i := 0; i < len(events); i += 2 {
		m := eventstream.Message{Payload: []byte(events[i+1])}
		m.Headers.Set(":event-type", eventstream.StringValue(events[i]))
		m.Headers.Set(":content-type", eventstream.StringValue("application/json"))
		m.Headers.Set(":message-type", eventstream.StringValue("event"))
		if err := eventstream.NewEncoder().Encode(&out, m); err != nil {
			panic(err)
		}
	}
	return out.String()
}

// counting is one kind of call whose answer counts tokens.
type counting struct {
	codec  dialect.Codec
	path   string
	query  string
	media  string
	answer string
}

func rawKinds() map[string]counting {
	const events, object = "text/event-stream", "application/json"
	const generate = "/models/m:generateContent"
	all := map[string]counting{
		"openai chat":          {openai.Codec{}, "/chat/completions", "", object, openaiWhole},
		"openai chat stream":   {openai.Codec{}, "/chat/completions", "", events, openaiStream},
		"openai response":      {openai.Codec{}, "/responses", "", object, oneResponse},
		"openai responses":     {openai.Codec{}, "/responses", "", events, responses},
		"openai image":         {openai.Codec{}, "/images/generations", "", object, `{"data":[{"b64_json":"TEXT"}],"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}`},
		"anthropic":            {anthropic.Codec{}, "/messages", "", object, claudeWhole},
		"anthropic stream":     {anthropic.Codec{}, "/messages", "", events, claudeStream},
		"gemini":               {gemini.Codec{}, generate, "", object, geminiWhole},
		"gemini stream":        {gemini.Codec{}, "/models/m:streamGenerateContent", "alt=sse", events, geminiStream},
		"gemini list":          {gemini.Codec{}, "/models/m:streamGenerateContent", "", object, `[{"candidates":[],"usageMetadata":{"promptTokenCount":3}},` + geminiWhole + `]`},
		"cohere":               {cohere.Codec{}, "/v2/chat", "", object, cohereWhole},
		"cohere stream":        {cohere.Codec{}, "/v2/chat", "", events, cohereStream},
		"bedrock":              {bedrock.Codec{}, "/model/m/converse", "", object, bedrockWhole},
		"bedrock frames":       {bedrock.Codec{}, "/model/m/converse-stream", "", bedrock.StreamType, bedrockStream},
		"bedrock long frames":  {bedrock.Codec{}, "/model/m/converse-stream", "", bedrock.StreamType, frames("contentBlockDelta", `{"delta":{"text":"`+long+`"}}`) + bedrockStream},
		"bedrock in its maker": {bedrock.Codec{}, "/model/m/invoke", "", object, `{"results":"TEXT"}`},
	}
	for name, c := range all {
		if c.media == object {
			c.answer = strings.ReplaceAll(c.answer, "TEXT", long)
			all[name+", long"] = c
		}
	}
	return all
}

func TestARawAnswerTellsItsUsageAtItsEndAndPassesAsItIs(t *testing.T) {
	for name, c := range rawKinds() {
		t.Run(name, func(t *testing.T) {
			a := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
				r := response(200, c.media, c.answer)
				r.Header.Set("X-Amzn-Bedrock-Input-Token-Count", "3")
				r.Header.Set("X-Amzn-Bedrock-Output-Token-Count", "4")
				return r, nil
			}), func(o *adapter.Options) {
				o.Codec = c.codec
				o.Operations = append([]schemas.Operation{schemas.OperationImage, schemas.OperationChatStream}, allOperations...)
			})
			body := ""
			if c.media == "text/event-stream" {
				body = `{"stream":true}`
			}
			resp, err := call(t.Context(), a, &schemas.Request{Operation: schemas.OperationRaw, Model: "m",
				Raw: &schemas.RawRequest{Method: http.MethodPost, Path: c.path, Query: c.query, Body: []byte(body)}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Raw.Body)
			if err != nil {
				t.Fatal(err)
			}
			if c.answer != openaiStream && string(got) != c.answer {
				t.Errorf("it passed as %d bytes, and was %d", len(got), len(c.answer))
			}
			if u := resp.Usage(); u == nil || u.PromptTokens != 3 || u.CompletionTokens != 4 || u.TotalTokens != 7 {
				t.Errorf("usage %+v", u)
			}
		})
	}
}

func TestAnAnswerAboutAnotherCallCountsNothing(t *testing.T) {
	for _, c := range []struct{ method, path, media, answer string }{
		{http.MethodGet, "/responses/r", "application/json", oneResponse},
		{http.MethodPost, "/responses/r/cancel", "application/json", oneResponse},
		{http.MethodGet, "/responses/r", "text/event-stream", responses},
		{http.MethodGet, "/chat/completions/c", "application/json", openaiWhole},
		{http.MethodPost, "/batches/b/cancel", "application/json", oneResponse},
		{http.MethodPost, "/chat/completions", "text/plain", openaiWhole},
	} {
		a := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
			return response(200, c.media, c.answer), nil
		}), func(o *adapter.Options) {
			o.Operations = append([]schemas.Operation{schemas.OperationBatches}, allOperations...)
		})
		resp, err := call(t.Context(), a, raw(c.method, c.path))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Raw.Body); err != nil {
			t.Fatal(err)
		}
		if u := resp.Usage(); u != nil {
			t.Errorf("%s %s counts %+v", c.method, c.path, u)
		}
	}
}

func TestATypedAnswerTellsItsUsageThoughItsCallerDidNotAsk(t *testing.T) {
	for name, c := range map[string]struct {
		codec         dialect.Codec
		whole, stream string
		media         string
	}{
		"openai":    {openai.Codec{}, openaiWhole, openaiStream, "text/event-stream"},
		"responses": {openai.Codec{Responses: &openai.ResponsesOptions{}}, oneResponse, responses, "text/event-stream"},
		"anthropic": {anthropic.Codec{}, claudeWhole, claudeStream, "text/event-stream"},
		"gemini":    {gemini.Codec{}, geminiWhole, geminiStream, "text/event-stream"},
		"cohere":    {cohere.Codec{}, cohereWhole, cohereStream, "text/event-stream"},
		"bedrock":   {bedrock.Codec{}, bedrockWhole, bedrockStream, bedrock.StreamType},
	} {
		for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream} {
			for _, asked := range []bool{false, true} {
				media, answer := "application/json", c.whole
				if op == schemas.OperationChatStream {
					media, answer = c.media, c.stream
				}
				a := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
					return response(200, media, answer), nil
				}), func(o *adapter.Options) { o.Codec = c.codec })
				req := chat(op)
				req.Chat.IncludeUsage = asked
				resp, err := call(t.Context(), a, req)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if resp.Stream != nil {
					if shown := usageShown(t, resp.Stream); shown != asked {
						t.Errorf("%s: the caller asked %v, and usage in the chunks is %v", name, asked, shown)
					}
				}
				if u := resp.Usage(); u == nil || u.PromptTokens != 3 || u.CompletionTokens != 4 {
					t.Errorf("%s %s: usage %+v", name, op, u)
				}
			}
		}
	}
}

// usageShown reads a stream to its end, and reports whether a chunk has usage. None may
// be empty.
func usageShown(t *testing.T, s schemas.ChunkReader) (shown bool) {
	t.Helper()
	for {
		chunk, err := s.Next()
		if err == io.EOF {
			return shown
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(chunk.Choices) == 0 && chunk.Usage == nil {
			t.Error("a chunk has nothing in it")
		}
		shown = shown || chunk.Usage != nil
	}
}

func TestUsageIsAskedForOnlyIfSomebodyWantsToKnow(t *testing.T) {
	const sent, asking = `{"model":"m","stream":true}`, `{"stream_options":{"include_usage":true},"model":"m","stream":true}`
	for _, c := range []struct {
		wanted, asks bool
		want         string
	}{{false, true, sent}, {true, false, sent}, {true, true, asking}} {
		var got string
		a := newAdapter(doerFunc(func(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
			got = string(r.Body)
			return response(200, "text/event-stream", openaiStream), nil
		}), func(o *adapter.Options) { o.Codec = openai.Codec{AsksUsage: c.asks} })
		req := raw(http.MethodPost, "/chat/completions")
		req.Raw.Body, req.Raw.Header = []byte(sent), http.Header{"Content-Type": {"application/json"}}
		resp, err := a.Call(t.Context(), &schemas.Attempt{Request: req, Number: 1, WantUsage: c.wanted})
		if err != nil {
			t.Fatal(err)
		}
		passed, err := io.ReadAll(resp.Raw.Body)
		if err != nil || strings.Contains(string(passed), "usage") {
			t.Errorf("%v: the caller has %s", err, passed)
		}
		if got != c.want {
			t.Errorf("wanted %v, asks %v: sent %s", c.wanted, c.asks, got)
		}
	}
}

func TestAStreamThatIsClosedEarlyTellsWhatWasCounted(t *testing.T) {
	a := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		return response(200, "text/event-stream", claudeStream), nil
	}), func(o *adapter.Options) { o.Codec = anthropic.Codec{} })
	req := raw(http.MethodPost, "/messages")
	req.Raw.Body = []byte(`{"stream":true}`)
	resp, err := call(t.Context(), a, req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Raw.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if u := resp.Usage(); u == nil || u.PromptTokens != 3 || u.CompletionTokens != 1 {
		t.Errorf("usage %+v", u)
	}
}

func FuzzUsage(f *testing.F) {
	for _, c := range rawKinds() {
		if len(c.answer) < 4<<10 {
			f.Add([]byte(c.answer), c.media == bedrock.StreamType)
		}
	}
	codecs := []dialect.Codec{openai.Codec{}, anthropic.Codec{}, gemini.Codec{}, cohere.Codec{}, bedrock.Codec{}}
	f.Fuzz(func(t *testing.T, data []byte, frames bool) {
		header := http.Header{}
		if frames {
			header.Set("Content-Type", bedrock.StreamType)
		}
		for _, codec := range codecs {
			for _, cut := range []bool{false, true} {
				u := (&schemas.Response{Chat: &schemas.ChatResponse{Usage: codec.Usage(header, dialect.Ending{Data: data, Cut: cut})}}).Usage()
				if u != nil && (u.PromptTokens < 0 || u.CompletionTokens < 0 || u.TotalTokens < 0) {
					t.Fatalf("%s: %+v", codec.Dialect(), u)
				}
			}
		}
	})
}
