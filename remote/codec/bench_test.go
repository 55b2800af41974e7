package codec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// benchRequest is a chat of about 1 KB.
func benchRequest() *schemas.Request {
	req := benchFullRequest()
	req.Chat.IncludeUsage, req.Chat.Extra = false, nil
	return req
}

// benchFullRequest has a member "bifrost" and one field of Extra besides.
func benchFullRequest() *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationChat, Model: "gpt-4o-mini", Chat: &schemas.ChatRequest{
		Model: "gpt-4o-mini", MaxTokens: ptr(256), Temperature: ptr(0.7), IncludeUsage: true,
		Messages: []schemas.ChatMessage{schemas.SystemMessage(strings.Repeat("Be brief. ", 20)), schemas.UserMessage(strings.Repeat("What is new? ", 45))},
		Extra:    map[string]json.RawMessage{"verbosity": json.RawMessage(`"low"`)},
	}}
}

func benchAnswer() *schemas.Response {
	return &schemas.Response{Served: schemas.Served{Provider: "openai", Model: "gpt-4o-mini", KeyName: "key-1", Attempts: 1},
		Chat: &schemas.ChatResponse{ID: "chatcmpl-1", Object: "chat.completion", Created: 1700000000, Model: "gpt-4o-mini",
			Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage(strings.Repeat("Nothing at all. ", 50)), FinishReason: "stop"}},
			Usage:   &schemas.Usage{PromptTokens: 200, CompletionTokens: 150, TotalTokens: 350}}}
}

func BenchmarkChatRequest(b *testing.B)     { benchmarkRequest(b, benchRequest()) }
func BenchmarkChatRequestFull(b *testing.B) { benchmarkRequest(b, benchFullRequest()) }

func benchmarkRequest(b *testing.B, req *schemas.Request) {
	m, err := EncodeRequest(req)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(m.GetBody())))
		for b.Loop() {
			if _, err := EncodeRequest(req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(m.GetBody())))
		for b.Loop() {
			if _, err := DecodeRequest(m, m.GetBody()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) { // of the standard library alone, there and back
		b.ReportAllocs()
		for b.Loop() {
			data, err := json.Marshal(req.Chat)
			if err != nil || json.Unmarshal(data, &schemas.ChatRequest{}) != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkChatAnswer(b *testing.B) {
	resp := benchAnswer()
	m, err := EncodeResponse(resp)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(m.GetBody())))
		for b.Loop() {
			if _, err := EncodeResponse(resp); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(m.GetBody())))
		for b.Loop() {
			if _, err := DecodeResponse(schemas.OperationChat, m, m.GetBody()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A peer may send a body of nothing but names.
func BenchmarkManyUnknownMembers(b *testing.B) {
	var body strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&body, `%c"%x":0`, "{,"[min(i, 1)], i)
	}
	body.WriteByte('}')
	req := &bifrostv1.Request{Operation: string(schemas.OperationChat)}
	data := []byte(body.String())
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := DecodeRequest(req, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChunk(b *testing.B) {
	chunk := &schemas.ChatChunk{ID: "chatcmpl-1", Object: "chat.completion.chunk", Created: 1700000000, Model: "gpt-4o-mini",
		Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: " word"}}}}
	data, err := EncodeChunk(chunk)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := EncodeChunk(chunk); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeChunk(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
