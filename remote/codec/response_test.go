package codec

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

func TestTheBodyOfAnAnswerIsItsJSONAndOneMemberMore(t *testing.T) {
	for want, resp := range map[string]*schemas.Response{
		`{"id":"","object":"","created":0,"model":"","choices":[{"index":0,"message":{"role":"assistant"},"finish_reason":"stop"},` +
			`{"index":1,"message":{"role":""},"finish_reason":""}],"bifrost":{"stop_sequences":["END",""]}}`: {
			Chat: &schemas.ChatResponse{Choices: []schemas.ChatChoice{
				{Message: schemas.ChatMessage{Role: "assistant"}, FinishReason: "stop", StopSequence: "END"}, {Index: 1}}}},
		`{"results":[{"index":1,"relevance_score":0.5}],"bifrost":{"documents":["d"]}}`: {
			Rerank: &schemas.RerankResponse{Results: []schemas.RerankResult{{Index: 1, RelevanceScore: 0.5, Document: "d"}}}},
		`{"results":[]}`:     {Rerank: &schemas.RerankResponse{Results: []schemas.RerankResult{}}},
		`{"input_tokens":3}`: {Tokens: &schemas.TokenCount{InputTokens: 3}},
	} {
		m, err := EncodeResponseAs(resp, bifrostv1.BodyForm_BODY_FORM_JSON)
		if err != nil || string(m.GetBody()) != want || m.GetMore() != bifrostv1.More_MORE_NOTHING {
			t.Errorf("got  %s, %v\nwant %s", m.GetBody(), err, want)
		}
	}
}

func TestMembersOfAnAnswerThatAreNotKnownAreLeftAlone(t *testing.T) {
	got, err := DecodeResponse("rerank", nil, []byte(`{"new":1,"results":[{"index":2,"new":1}],"bifrost":{"new":1,"documents":["a","of no result"]}}`))
	if err != nil || len(got.Rerank.Results) != 1 || got.Rerank.Results[0] != (schemas.RerankResult{Index: 2, Document: "a"}) {
		t.Errorf("got %s, %v", show(got), err)
	}
	chunk, err := DecodeChunk([]byte(`{"choices":[{"delta":{}},{"delta":{}}],"bifrost":{"stop_sequences":["a"]}}`))
	if err != nil || chunk.Choices[0].StopSequence != "a" || chunk.Choices[1].StopSequence != "" {
		t.Errorf("got %s, %v", show(chunk), err)
	}
}

func TestAnAnswerOfAnotherShapeIsAnError(t *testing.T) {
	raw := &bifrostv1.Response{Raw: &bifrostv1.RawAnswer{Status: 200}, More: bifrostv1.More_MORE_BYTES}
	chunks := &bifrostv1.Response{More: bifrostv1.More_MORE_CHUNKS}
	whole := &bifrostv1.Response{Served: &bifrostv1.Served{Provider: "p"}}
	for _, c := range []struct {
		op   schemas.Operation
		m    *bifrostv1.Response
		body string
	}{
		{"chat", raw, `{}`}, {"chat", chunks, `{}`}, {"chat_stream", whole, `{}`}, {"chat_stream", raw, ``},
		{"raw", whole, `{}`}, {"speech", chunks, ``}, {"files", whole, `{}`}, {"chat", whole, ``}, {"chat", whole, `null`},
		{"chat", whole, `{"choices":"s3cret"}`}, {"rerank", whole, `{"bifrost":{"documents":"s3cret"}}`}, {"list_models", whole, `[]`},
	} {
		_, err := DecodeResponse(c.op, c.m, []byte(c.body))
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || !e.MayHaveStarted || strings.Contains(err.Error(), "s3cret") ||
			strings.Contains(err.Error(), "ChatResponse") || !strings.Contains(err.Error(), string(c.op)) {
			t.Errorf("%s %s: got %v", c.op, c.body, err)
		}
	}
}

func TestAnAnswerThatCannotBeSentIsAnError(t *testing.T) {
	secret := json.RawMessage("s3cret")
	for _, as := range bodyForms {
		for _, resp := range []*schemas.Response{
			{},
			{Embedding: &schemas.EmbeddingResponse{Data: []schemas.Embedding{{Embedding: []float64{math.Inf(1)}}}}},
			{Image: &schemas.ImageResponse{Usage: secret}},
			{Chat: &schemas.ChatResponse{Choices: []schemas.ChatChoice{{Logprobs: secret}}}},
		} {
			if _, err := EncodeResponseAs(resp, as); !errors.Is(err, schemas.ErrInternal) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v", err)
			}
		}
		if _, err := EncodeChunkAs(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Logprobs: secret}}}, as); !errors.Is(err, schemas.ErrInternal) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := DecodeChunk([]byte(`{"choices":[{"delta":"s3cret"}]}`)); !errors.Is(err, schemas.ErrUpstream) ||
		!strings.Contains(err.Error(), "choices.delta") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
	if _, err := DecodeInfo([]byte(`{"models":"s3cret"}`)); err == nil || !strings.Contains(err.Error(), "its field models has") {
		t.Errorf("got %v", err)
	}
}

func TestTheDescriptionOfAProviderHasNamesOfItsOwn(t *testing.T) {
	got, err := EncodeInfo(schemas.ProviderInfo{Type: "vertex", Dialect: "gemini", Operations: []schemas.Operation{"chat"}, KeyOptional: true,
		ModelDialects: []schemas.ModelDialect{{Prefix: "claude", Dialect: "anthropic"}}, Models: []string{}})
	const want = `{"type":"vertex","dialect":"gemini","operations":["chat"],"key_optional":true,"models":[],` +
		`"model_dialects":[{"prefix":"claude","dialect":"anthropic"}]}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}
