package anthropic

import (
	"encoding/json"

	"bifrost/schemas"
)

// usageWire counts tokens: InputTokens without those read from or written to a cache.
// In a stream a later count replaces an earlier one; nil ones say nothing.
type usageWire struct {
	InputTokens   *int           `json:"input_tokens,omitempty"`
	CacheCreation *int           `json:"cache_creation_input_tokens,omitempty"`
	CacheRead     *int           `json:"cache_read_input_tokens,omitempty"`
	OutputTokens  *int           `json:"output_tokens,omitempty"`
	OutputDetails *outputDetails `json:"output_tokens_details,omitempty"`
}

type outputDetails struct {
	ThinkingTokens int `json:"thinking_tokens"`
}

// merge takes over what later says.
func (u *usageWire) merge(later *usageWire) {
	if later == nil {
		return
	}
	for _, c := range []struct{ to, from **int }{
		{&u.InputTokens, &later.InputTokens}, {&u.CacheCreation, &later.CacheCreation},
		{&u.CacheRead, &later.CacheRead}, {&u.OutputTokens, &later.OutputTokens},
	} {
		if *c.from != nil {
			*c.to = *c.from
		}
	}
	if later.OutputDetails != nil {
		u.OutputDetails = later.OutputDetails
	}
}

// readUsage reads the usage of an answer; nil if it counts nothing.
func readUsage(data []byte) *schemas.Usage {
	var in usageWire
	if len(data) == 0 || json.Unmarshal(data, &in) != nil || in.InputTokens == nil && in.OutputTokens == nil {
		return nil
	}
	return in.canonical()
}

// canonical returns the counts with the cached tokens among those of the prompt.
func (u *usageWire) canonical() *schemas.Usage {
	if u == nil {
		return nil
	}
	read, written, output := count(u.CacheRead), count(u.CacheCreation), count(u.OutputTokens)
	prompt := count(u.InputTokens) + read + written
	out := &schemas.Usage{PromptTokens: prompt, CompletionTokens: output, TotalTokens: prompt + output}
	if read > 0 || written > 0 {
		out.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: read, CacheWriteTokens: written}
	}
	if u.OutputDetails != nil {
		out.CompletionTokensDetails = &schemas.CompletionTokensDetails{ReasoningTokens: u.OutputDetails.ThinkingTokens}
	}
	return out
}

func count(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// usageOf returns the counts as the dialect has them; nil counts are zeros.
func usageOf(u *schemas.Usage) *usageWire {
	var read, written, input, output int
	out := &usageWire{InputTokens: &input, CacheCreation: &written, CacheRead: &read, OutputTokens: &output}
	if u == nil {
		return out
	}
	input, output = u.PromptTokens, u.CompletionTokens
	if d := u.PromptTokensDetails; d != nil {
		read, written = d.CachedTokens, d.CacheWriteTokens
		input = max(0, input-read-written)
	}
	if d := u.CompletionTokensDetails; d != nil && d.ReasoningTokens > 0 {
		out.OutputDetails = &outputDetails{ThinkingTokens: d.ReasoningTokens}
	}
	return out
}
