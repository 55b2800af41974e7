package schemas

import (
	"encoding/json"
	"io"
	"testing"
)

type reporter struct {
	io.ReadCloser
	ChunkReader
	usage *Usage
}

func (r *reporter) Usage() *Usage { return r.usage }
func (r *reporter) Close() error  { return nil }

func TestAResponseTellsTheUsageOfWhateverItHas(t *testing.T) {
	u := &Usage{PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3}
	tokens := json.RawMessage(`{"input_tokens":1,"output_tokens":2}`)
	for name, r := range map[string]*Response{
		"chat":          {Chat: &ChatResponse{Usage: u}},
		"completion":    {Completion: &CompletionResponse{Usage: u}},
		"embedding":     {Embedding: &EmbeddingResponse{Usage: u}},
		"rerank":        {Rerank: &RerankResponse{Usage: u}},
		"image":         {Image: &ImageResponse{Usage: tokens}},
		"transcription": {Transcription: &TranscriptionResponse{Usage: tokens}},
		"stream":        {Stream: &reporter{usage: u}},
		"raw":           {Raw: &RawResponse{Body: &reporter{usage: u}}},
	} {
		if got := r.Usage(); got == nil || *got != *u {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for name, r := range map[string]*Response{
		"nil":        nil,
		"empty":      {},
		"chat":       {Chat: &ChatResponse{}},
		"models":     {Models: &ModelList{}},
		"raw":        {Raw: &RawResponse{Body: io.NopCloser(nil)}},
		"no body":    {Raw: &RawResponse{}},
		"of seconds": {Transcription: &TranscriptionResponse{Usage: json.RawMessage(`{"type":"duration","seconds":3}`)}},
		"nonsense":   {Image: &ImageResponse{Usage: json.RawMessage(`[1`)}},
	} {
		if got := r.Usage(); got != nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestUsageThatNoAnswerCanHaveIsNotTold(t *testing.T) {
	made := &Usage{PromptTokens: -5, CompletionTokens: 1 << 40, TotalTokens: 7,
		PromptTokensDetails: &PromptTokensDetails{CachedTokens: -1}, CompletionTokensDetails: &CompletionTokensDetails{ReasoningTokens: 2}}
	got := (&Response{Chat: &ChatResponse{Usage: made}}).Usage()
	if got.PromptTokens != 0 || got.CompletionTokens != mostTokens || got.TotalTokens != 7 || got.PromptTokensDetails != nil ||
		got.CompletionTokensDetails.ReasoningTokens != 2 {
		t.Errorf("got %+v", got)
	}
	if made.PromptTokens != -5 {
		t.Error("the answer's own was changed")
	}
}
