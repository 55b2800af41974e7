package schemas

import (
	"cmp"
	"encoding/json"
	"math"
)

// Usage counts tokens. PromptTokens has those read from and written to a cache in
// it, CompletionTokens those of reasoning.
type Usage struct {
	PromptTokens            int                      `json:"prompt_tokens"`
	CompletionTokens        int                      `json:"completion_tokens"`
	TotalTokens             int                      `json:"total_tokens"`
	PromptTokensDetails     *PromptTokensDetails     `json:"prompt_tokens_details,omitempty"`
	CompletionTokensDetails *CompletionTokensDetails `json:"completion_tokens_details,omitempty"`
}

// PromptTokensDetails splits the prompt tokens.
type PromptTokensDetails struct {
	CachedTokens     int `json:"cached_tokens"`                // read from a cache
	CacheWriteTokens int `json:"cache_write_tokens,omitempty"` // written to a cache
	AudioTokens      int `json:"audio_tokens,omitempty"`
}

// CompletionTokensDetails splits the completion tokens.
type CompletionTokensDetails struct {
	ReasoningTokens int `json:"reasoning_tokens"`
	AudioTokens     int `json:"audio_tokens,omitempty"`
}

// UsageReporter is what a ChunkReader, or the Body of a RawResponse, also is if it
// knows the tokens that the provider has counted.
type UsageReporter interface {
	// Usage returns the counts once the provider has told them, which is at the end of
	// most answers; nil before, or if they are unknown. It does not block, is safe for
	// concurrent use and stays of use after Close. The result is read-only.
	Usage() *Usage
}

// Usage returns the tokens that the provider has counted for the answer; nil if they are
// unknown. Of an answer that streams they are known once it has been read to its end. No
// count is negative. The result is read-only. It is safe for concurrent use. A nil
// response has none.
func (r *Response) Usage() *Usage {
	if r == nil {
		return nil
	}
	return r.counted().plausible()
}

func (r *Response) counted() *Usage {
	switch {
	case r.Stream != nil:
		return reported(r.Stream)
	case r.Raw != nil:
		return reported(r.Raw.Body)
	case r.Chat != nil:
		return r.Chat.Usage
	case r.Completion != nil:
		return r.Completion.Usage
	case r.Embedding != nil:
		return r.Embedding.Usage
	case r.Rerank != nil:
		return r.Rerank.Usage
	case r.Image != nil:
		return usageWithin(r.Image.Usage)
	case r.Transcription != nil:
		return usageWithin(r.Transcription.Usage)
	}
	return nil
}

// plausible returns the counts, or if a provider has made some up that no answer can have,
// a copy with the nearest ones that one can.
func (u *Usage) plausible() *Usage {
	if u == nil {
		return nil
	}
	out := *u
	fits := fit(&out.PromptTokens)
	fits = fit(&out.CompletionTokens) && fits
	fits = fit(&out.TotalTokens) && fits
	if d := u.PromptTokensDetails; d != nil {
		own := *d
		if !(fit(&own.CachedTokens) && fit(&own.CacheWriteTokens) && fit(&own.AudioTokens)) {
			out.PromptTokensDetails, fits = nil, false
		}
	}
	if d := u.CompletionTokensDetails; d != nil {
		own := *d
		if !(fit(&own.ReasoningTokens) && fit(&own.AudioTokens)) {
			out.CompletionTokensDetails, fits = nil, false
		}
	}
	if fits {
		return u
	}
	return &out
}

// mostTokens is more than any answer has.
const mostTokens = math.MaxInt32

// fit makes a count one that is possible, and reports whether it was.
func fit(n *int) bool {
	was := *n
	*n = min(max(0, was), mostTokens)
	return *n == was
}

func reported(source any) *Usage {
	if r, ok := source.(UsageReporter); ok {
		return r.Usage()
	}
	return nil
}

// usageWithin reads usage as OpenAI's image and audio APIs write it; nil if it counts no
// tokens, as that which counts seconds.
func usageWithin(data json.RawMessage) *Usage {
	var in struct {
		Input   int `json:"input_tokens"`
		Output  int `json:"output_tokens"`
		Total   int `json:"total_tokens"`
		Details struct {
			Cached int `json:"cached_tokens"`
			Audio  int `json:"audio_tokens"`
		} `json:"input_token_details"`
	}
	if len(data) == 0 || json.Unmarshal(data, &in) != nil || in.Input == 0 && in.Output == 0 && in.Total == 0 {
		return nil
	}
	out := &Usage{PromptTokens: in.Input, CompletionTokens: in.Output, TotalTokens: cmp.Or(in.Total, in.Input+in.Output)}
	if d := in.Details; d.Cached > 0 || d.Audio > 0 {
		out.PromptTokensDetails = &PromptTokensDetails{CachedTokens: d.Cached, AudioTokens: d.Audio}
	}
	return out
}
