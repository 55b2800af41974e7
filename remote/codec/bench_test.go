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

// benchFullRequest has in JSON a member "bifrost", and one field of Extra besides.
func benchFullRequest() *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationChat, Model: "gpt-4o-mini", Chat: &schemas.ChatRequest{
		Model: "gpt-4o-mini", MaxTokens: ptr(256), Temperature: ptr(0.7), IncludeUsage: true,
		Messages: []schemas.ChatMessage{schemas.SystemMessage(strings.Repeat("Be brief. ", 20)), schemas.UserMessage(strings.Repeat("What is new? ", 45))},
		Extra:    map[string]json.RawMessage{"verbosity": json.RawMessage(`"low"`)},
	}}
}

// benchToolsRequest is a turn of an agent: 20 tools of 1 KB, and 20 messages.
func benchToolsRequest() *schemas.Request {
	req := benchRequest()
	parameters := json.RawMessage(`{"type":"object","properties":{"path":{"type":"string","description":"` + strings.Repeat("Where it is. ", 75) + `"}}}`)
	for i := range 20 {
		req.Chat.Tools = append(req.Chat.Tools, schemas.Tool{Type: "function", Function: schemas.ToolFunction{Name: fmt.Sprint("tool_", i), Parameters: parameters}})
	}
	for range 10 {
		req.Chat.Messages = append(req.Chat.Messages,
			schemas.ChatMessage{Role: "assistant", ToolCalls: []schemas.ToolCall{{ID: "call_1", Type: "function", Function: schemas.FunctionCall{Name: "tool_1", Arguments: `{"path":"/etc/hosts"}`}}}},
			schemas.ChatMessage{Role: "tool", ToolCallID: "call_1", Content: schemas.TextContent(strings.Repeat("127.0.0.1 localhost\n", 40))})
	}
	return req
}

func benchEmbeddingsRequest() *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationEmbeddings, Embedding: &schemas.EmbeddingRequest{
		Model: "text-embedding-3-small", Input: schemas.Strings{strings.Repeat("What is new? ", 80)}}}
}

func benchAnswer() *schemas.Response {
	return &schemas.Response{Served: schemas.Served{Provider: "openai", Model: "gpt-4o-mini", KeyName: "key-1", Attempts: 1},
		Chat: &schemas.ChatResponse{ID: "chatcmpl-1", Object: "chat.completion", Created: 1700000000, Model: "gpt-4o-mini",
			Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage(strings.Repeat("Nothing at all. ", 50)), FinishReason: "stop"}},
			Usage:   &schemas.Usage{PromptTokens: 200, CompletionTokens: 150, TotalTokens: 350}}}
}

func benchEmbeddings() *schemas.Response {
	vector := make([]float64, 1536)
	for i := range vector {
		vector[i] = 1 / float64(i+3)
	}
	return &schemas.Response{Embedding: &schemas.EmbeddingResponse{Object: "list", Model: "text-embedding-3-small",
		Data: []schemas.Embedding{{Object: "embedding", Embedding: vector}}, Usage: &schemas.Usage{PromptTokens: 8, TotalTokens: 8}}}
}

func benchChunk() *schemas.ChatChunk {
	return &schemas.ChatChunk{ID: "chatcmpl-1", Object: "chat.completion.chunk", Created: 1700000000, Model: "gpt-4o-mini",
		Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: " word"}}}}
}

var formNames = map[bifrostv1.BodyForm]string{bifrostv1.BodyForm_BODY_FORM_JSON: "json", bifrostv1.BodyForm_BODY_FORM_PROTO: "proto"}

// benchmarkForms compares the forms of a body: encode returns it, decode reads it.
func benchmarkForms(b *testing.B, encode func(as bifrostv1.BodyForm) ([]byte, error), decode func(as bifrostv1.BodyForm, body []byte) error) {
	for _, as := range bodyForms {
		body, err := encode(as)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("encode/"+formNames[as], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := encode(as); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(body)), "wire-B")
		})
		b.Run("decode/"+formNames[as], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(as, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchmarkRequest(b *testing.B, req *schemas.Request) {
	benchmarkForms(b,
		func(as bifrostv1.BodyForm) ([]byte, error) {
			m, err := EncodeRequestAs(req, as)
			return m.GetBody(), err
		},
		func(as bifrostv1.BodyForm, body []byte) error {
			_, err := DecodeRequest(&bifrostv1.Request{Operation: string(req.Operation), Model: req.Model, BodyForm: as}, body)
			return err
		})
}

func benchmarkAnswer(b *testing.B, op schemas.Operation, resp *schemas.Response) {
	benchmarkForms(b,
		func(as bifrostv1.BodyForm) ([]byte, error) {
			m, err := EncodeResponseAs(resp, as)
			return m.GetBody(), err
		},
		func(as bifrostv1.BodyForm, body []byte) error {
			_, err := DecodeResponse(op, &bifrostv1.Response{BodyForm: as}, body)
			return err
		})
}

func BenchmarkChatRequest(b *testing.B)      { benchmarkRequest(b, benchRequest()) }
func BenchmarkChatRequestFull(b *testing.B)  { benchmarkRequest(b, benchFullRequest()) }
func BenchmarkChatRequestTools(b *testing.B) { benchmarkRequest(b, benchToolsRequest()) }
func BenchmarkEmbeddingRequest(b *testing.B) { benchmarkRequest(b, benchEmbeddingsRequest()) }
func BenchmarkChatAnswer(b *testing.B)       { benchmarkAnswer(b, schemas.OperationChat, benchAnswer()) }
func BenchmarkEmbeddingsAnswer(b *testing.B) {
	benchmarkAnswer(b, schemas.OperationEmbeddings, benchEmbeddings())
}

func BenchmarkChunk(b *testing.B) {
	chunk := benchChunk()
	benchmarkForms(b,
		func(as bifrostv1.BodyForm) ([]byte, error) { return EncodeChunkAs(chunk, as) },
		func(_ bifrostv1.BodyForm, data []byte) error {
			_, err := DecodeChunk(data)
			return err
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

// A peer may send as many messages as there may be, each of two bytes.
func BenchmarkManyEmptyMessages(b *testing.B) {
	req := &bifrostv1.Request{Operation: string(schemas.OperationChat), BodyForm: bifrostv1.BodyForm_BODY_FORM_PROTO}
	data := []byte(strings.Repeat("\x12\x00", maxFields))
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := DecodeRequest(req, data); err != nil {
			b.Fatal(err)
		}
	}
}
