package simulated_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// A speaker is a client of a dialect.
type speaker struct {
	codec  dialect.Codec
	base   string
	format string // of its thinking
}

var speakers = map[string]speaker{
	"openai":    {openai.Codec{Chat: openai.ChatOptions{ReasoningDetails: true}}, "http://sim/v1", schemas.FormatResponses},
	"anthropic": {anthropic.Codec{}, "http://sim/v1", schemas.FormatAnthropic},
	"gemini":    {gemini.Codec{}, "http://sim/v1beta", schemas.FormatGemini},
}

// ask sends a chat request, and returns the answer, which may be an error.
func (s speaker) ask(t testing.TB, u *simulated.Upstream, chat *schemas.ChatRequest, stream bool, simulate ...string) (*schemas.ChatResponse, error) {
	t.Helper()
	chat.IncludeUsage = true
	req := &schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}
	if stream {
		req.Operation = schemas.OperationChatStream
	}
	call, _, err := s.codec.Encode(req)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for _, word := range simulate {
		header.Add("X-Simulate", word)
	}
	url := s.base + call.Path
	if call.Query != "" {
		url += "?" + call.Query
	}
	resp, err := u.Do(context.Background(), &httpx.Request{Method: call.Method, URL: url, Header: header, Body: call.Body})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if stream && resp.StatusCode == http.StatusOK {
		return collect(t, s.codec.Stream(req, resp.Body, "")), nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, s.codec.Failure(resp.StatusCode, resp.Header, body, "")
	}
	out, err := s.codec.Decode(req, resp.Header, body, "")
	if err != nil {
		t.Fatal(err)
	}
	return out.Chat, nil
}

func collect(t testing.TB, from dialect.ChunkSource) *schemas.ChatResponse {
	t.Helper()
	var acc schemas.ChatAccumulator
	for {
		chunk, err := from.Next()
		if err == io.EOF {
			return acc.Response()
		}
		if err != nil {
			t.Fatal(err)
		}
		acc.Add(chunk)
	}
}

// answered is ask for what must succeed.
func (s speaker) answered(t testing.TB, u *simulated.Upstream, chat *schemas.ChatRequest, stream bool, simulate ...string) *schemas.ChatResponse {
	t.Helper()
	resp, err := s.ask(t, u, chat, stream, simulate...)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// asked is a chat request that ends with a message of the user.
func asked(text string, before ...schemas.ChatMessage) *schemas.ChatRequest {
	return &schemas.ChatRequest{Messages: append(before, schemas.UserMessage(text))}
}

func TestTheResponsesAPIIsAnsweredByAChat(t *testing.T) {
	s := speaker{codec: openai.Codec{Responses: &openai.ResponsesOptions{}}, base: "http://sim/v1"}
	u := simulated.New(schemas.SimulationConfig{OutputTokens: 8})
	want := speakers["openai"].answered(t, u, asked("hello"), false)
	for _, stream := range []bool{false, true} {
		got := s.answered(t, u, asked("hello"), stream)
		if got.Choices[0].Message.Content.PlainText() != want.Choices[0].Message.Content.PlainText() || got.Usage.CompletionTokens != 8 {
			t.Errorf("stream %v: got %+v, want %+v", stream, got.Choices[0].Message, want.Choices[0].Message)
		}
	}
	if _, err := s.ask(t, u, asked("hello"), false, "error=429"); err == nil {
		t.Error("a failure that was asked for is none")
	}
}
