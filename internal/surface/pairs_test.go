package surface_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/bedrock"
	"bifrost/internal/dialect/cohere"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// A side is a dialect that both callers and providers speak, with a request of it; one
// that only providers speak has no surface, and says how they write an answer.
type side struct {
	name    string
	codec   dialect.Codec
	surface dialect.Surface
	ask     func(stream bool) *schemas.RawRequest
	write   func(t *rapid.T, answer *schemas.Response) []byte
	// lacks are the finish reasons that the dialect has not.
	lacks []string
}

func post(path, body string) *schemas.RawRequest {
	return &schemas.RawRequest{Method: http.MethodPost, Path: path, Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}}}
}

var sides = []side{
	{name: "openai", codec: openai.Codec{}, surface: openai.Surface{}, ask: func(stream bool) *schemas.RawRequest {
		if stream {
			return post("/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}`)
		}
		return post("/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`)
	}},
	{name: "anthropic", codec: anthropic.Codec{}, surface: anthropic.Surface{}, ask: func(stream bool) *schemas.RawRequest {
		return post("/messages", fmt.Sprintf(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":%v}`, stream))
	}},
	{name: "gemini", codec: gemini.Codec{}, surface: gemini.Surface{}, ask: func(stream bool) *schemas.RawRequest {
		raw := post("/models/m:generateContent", `{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}`)
		if stream {
			raw.Path, raw.Query = "/models/m:streamGenerateContent", "alt=sse"
		}
		return raw
	}},
}

// providersOnly are the dialects without callers.
var providersOnly = []side{
	{name: "cohere", codec: cohere.Codec{}, write: writeCohere, lacks: []string{"content_filter"}},
	{name: "bedrock", codec: bedrock.Codec{}, write: writeBedrock},
	{name: "responses", codec: openai.Codec{Responses: &openai.ResponsesOptions{}}, write: writeResponses},
}

// written returns an answer as the side writes it.
func (s side) written(t *rapid.T, answer *schemas.Response) []byte {
	if s.surface == nil {
		return s.write(t, answer)
	}
	translation, err := s.surface.Translate(s.ask(answer.Stream != nil))
	if err != nil {
		t.Fatal(err)
	}
	out, err := surface.Answer(s.surface, translation, answer)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(out.Raw.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// read returns the answer that the side's codec reads, as it is read: whole or chunk
// by chunk.
func (s side) read(t *rapid.T, body []byte, stream bool) *schemas.Response {
	req := &schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: &schemas.ChatRequest{Model: "m", IncludeUsage: true,
		Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}
	if !stream {
		resp, err := s.codec.Decode(req, http.Header{"Content-Type": {"application/json"}}, body, "")
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return resp
	}
	req.Operation = schemas.OperationChatStream
	out := &chunks{}
	from := s.codec.Stream(req, bytes.NewReader(body), "")
	for {
		chunk, err := from.Next()
		if err == io.EOF {
			return &schemas.Response{Stream: out}
		}
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		out.all = append(out.all, chunk)
	}
}

// whole returns an answer in one piece.
func whole(t *rapid.T, answer *schemas.Response) *schemas.ChatResponse {
	if answer.Chat != nil {
		return answer.Chat
	}
	var acc schemas.ChatAccumulator
	for {
		chunk, err := answer.Stream.Next()
		if err == io.EOF {
			return acc.Response()
		}
		if err != nil {
			t.Fatal(err)
		}
		acc.Add(chunk)
	}
}

// chunks is a schemas.ChunkReader of what it has.
type chunks struct{ all []*schemas.ChatChunk }

func (c *chunks) Next() (*schemas.ChatChunk, error) {
	if len(c.all) == 0 {
		return nil, io.EOF
	}
	next := c.all[0]
	c.all = c.all[1:]
	return next, nil
}

func (c *chunks) Close() error { return nil }

// For every pair of dialects, what a caller reads of a stream is what the same answer
// would be in one piece.
func TestAStreamThroughTranslationEqualsTheWholeAnswer(t *testing.T) {
	for _, provider := range slices.Concat(sides, providersOnly) {
		for _, caller := range sides {
			t.Run(provider.name+" to "+caller.name, rapid.MakeCheck(func(t *rapid.T) {
				answer := anAnswer(t)
				if slices.Contains(provider.lacks, answer.Choices[0].FinishReason) {
					answer.Choices[0].FinishReason = "stop"
				}
				var got [2]*schemas.ChatResponse
				for i, stream := range []bool{false, true} {
					given := &schemas.Response{Chat: answer}
					if stream {
						given = &schemas.Response{Stream: &chunks{all: pieces(t, answer)}}
					}
					there := provider.read(t, provider.written(t, given), stream)
					got[i] = whole(t, caller.read(t, caller.written(t, there), stream))
				}
				if one, streamed := essence(t, got[0]), essence(t, got[1]); !reflect.DeepEqual(one, streamed) {
					t.Fatalf("whole:  %s\nstream: %s", text(one), text(streamed))
				}
				if want := essence(t, answer); !reflect.DeepEqual(essence(t, got[0]), want) {
					t.Fatalf("got:  %s\nwant: %s", text(essence(t, got[0])), text(want))
				}
			}))
		}
	}
}

// anAnswer draws one that each dialect can carry.
func anAnswer(t *rapid.T) *schemas.ChatResponse {
	m := schemas.ChatMessage{Role: "assistant"}
	said := rapid.StringN(0, 30, -1).Draw(t, "text")
	if said != "" {
		m.Content = schemas.TextContent(said)
	}
	m.Reasoning = rapid.SampledFrom([]string{"", "let me see", "ö\n\"x\""}).Draw(t, "reasoning")
	finish := rapid.SampledFrom([]string{"stop", "length", "content_filter"}).Draw(t, "finish")
	for i := range rapid.IntRange(0, 3).Draw(t, "calls") {
		finish = "tool_calls"
		arguments := rapid.SampledFrom([]string{`{}`, `{"city":"Köln","n":3}`, `{"a":{"b":[1,2,{"c":null}]}}`}).Draw(t, "arguments")
		m.ToolCalls = append(m.ToolCalls, schemas.ToolCall{ID: "call_" + string(rune('a'+i)), Type: "function",
			Function: schemas.FunctionCall{Name: rapid.StringMatching(`[a-z_]{1,10}`).Draw(t, "name"), Arguments: arguments}})
	}
	if said == "" && len(m.ToolCalls) == 0 {
		m.Content = schemas.TextContent("")
	}
	n := rapid.IntRange(0, 1000)
	cached, fresh, spoken, thought := n.Draw(t, "cached"), n.Draw(t, "fresh"), n.Draw(t, "spoken"), 0
	if m.Reasoning != "" {
		thought = n.Draw(t, "thought")
	}
	return &schemas.ChatResponse{ID: "id", Object: "chat.completion", Created: 1, Model: "m",
		Choices: []schemas.ChatChoice{{Message: m, FinishReason: finish}},
		Usage: &schemas.Usage{PromptTokens: fresh + cached, CompletionTokens: spoken + thought, TotalTokens: fresh + cached + spoken + thought,
			PromptTokensDetails:     &schemas.PromptTokensDetails{CachedTokens: cached},
			CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: thought}}}
}

// pieces cuts an answer into chunks at drawn places.
func pieces(t *rapid.T, answer *schemas.ChatResponse) []*schemas.ChatChunk {
	var out []*schemas.ChatChunk
	add := func(d schemas.Delta) {
		out = append(out, &schemas.ChatChunk{ID: answer.ID, Object: "chat.completion.chunk", Created: answer.Created, Model: answer.Model,
			Choices: []schemas.ChunkChoice{{Delta: d}}})
	}
	c := answer.Choices[0]
	add(schemas.Delta{Role: "assistant"})
	for _, part := range cut(t, c.Message.Reasoning) {
		add(schemas.Delta{Reasoning: part})
	}
	for _, part := range cut(t, c.Message.Content.PlainText()) {
		add(schemas.Delta{Content: part})
	}
	for i, call := range c.Message.ToolCalls {
		call.Index = &i
		arguments := call.Function.Arguments
		call.Function.Arguments = ""
		add(schemas.Delta{ToolCalls: []schemas.ToolCall{call}})
		for _, part := range cut(t, arguments) {
			add(schemas.Delta{ToolCalls: []schemas.ToolCall{{Index: &i, Function: schemas.FunctionCall{Arguments: part}}}})
		}
	}
	add(schemas.Delta{})
	out[len(out)-1].Choices[0].FinishReason = &c.FinishReason
	return append(out, &schemas.ChatChunk{ID: answer.ID, Created: answer.Created, Model: answer.Model, Usage: answer.Usage})
}

// cut returns the parts of s, between runes.
func cut(t *rapid.T, s string) []string {
	var parts []string
	for runes := []rune(s); len(runes) > 0; {
		n := rapid.IntRange(1, len(runes)).Draw(t, "part")
		parts = append(parts, string(runes[:n]))
		runes = runes[n:]
	}
	return parts
}

// told is what an answer says, however it is written.
type told struct {
	Text, Reasoning, Finish string
	Calls                   []call
	Usage                   schemas.Usage
	Cached                  int
}

type call struct {
	Name      string
	Arguments any
}

func essence(t *rapid.T, r *schemas.ChatResponse) told {
	if len(r.Choices) != 1 || r.Usage == nil {
		t.Fatalf("got %s", text(r))
	}
	c := r.Choices[0]
	out := told{Text: c.Message.Content.PlainText(), Reasoning: c.Message.Reasoning, Finish: c.FinishReason}
	for _, each := range c.Message.ToolCalls {
		var arguments any
		if err := json.Unmarshal([]byte(each.Function.Arguments), &arguments); err != nil {
			t.Fatalf("%v: %s", err, each.Function.Arguments)
		}
		out.Calls = append(out.Calls, call{each.Function.Name, arguments})
	}
	out.Usage = schemas.Usage{PromptTokens: r.Usage.PromptTokens, CompletionTokens: r.Usage.CompletionTokens, TotalTokens: r.Usage.TotalTokens}
	if d := r.Usage.PromptTokensDetails; d != nil {
		out.Cached = d.CachedTokens
	}
	return out
}

func text(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return b
}
