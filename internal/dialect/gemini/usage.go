package gemini

import (
	"encoding/json"

	"bifrost/schemas"
)

// usageMember is where an answer has its usage.
const usageMember = "usageMetadata"

// usageWire counts tokens: those of a cache among those of the prompt, those of thinking
// apart from those of the candidates. In a stream a later count replaces an earlier one.
type usageWire struct {
	Prompt     int `json:"promptTokenCount"`
	Cached     int `json:"cachedContentTokenCount,omitempty"`
	Candidates int `json:"candidatesTokenCount,omitempty"`
	Thoughts   int `json:"thoughtsTokenCount,omitempty"`
	ToolUse    int `json:"toolUsePromptTokenCount,omitempty"` // of what tools of Google's own added to the prompt
	Total      int `json:"totalTokenCount"`

	PromptDetails     []modalityWire `json:"promptTokensDetails,omitempty"`
	CandidatesDetails []modalityWire `json:"candidatesTokensDetails,omitempty"`
}

type modalityWire struct {
	Modality string `json:"modality"`
	Tokens   int    `json:"tokenCount"`
}

const modalityAudio = "AUDIO"

// readUsage reads the usage of an answer; nil if it counts nothing.
func readUsage(data []byte) *schemas.Usage {
	var in usageWire
	if len(data) == 0 || json.Unmarshal(data, &in) != nil || in.Prompt == 0 && in.Candidates == 0 {
		return nil
	}
	return in.canonical()
}

// canonical returns the counts with those of thinking among those of the answer.
func (u *usageWire) canonical() *schemas.Usage {
	if u == nil {
		return nil
	}
	out := &schemas.Usage{PromptTokens: u.Prompt + u.ToolUse, CompletionTokens: u.Candidates + u.Thoughts, TotalTokens: u.Total}
	if out.TotalTokens == 0 {
		out.TotalTokens = out.PromptTokens + out.CompletionTokens
	}
	if heard := audio(u.PromptDetails); u.Cached > 0 || heard > 0 {
		out.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: u.Cached, AudioTokens: heard}
	}
	if spoken := audio(u.CandidatesDetails); u.Thoughts > 0 || spoken > 0 {
		out.CompletionTokensDetails = &schemas.CompletionTokensDetails{ReasoningTokens: u.Thoughts, AudioTokens: spoken}
	}
	return out
}

func audio(details []modalityWire) int {
	n := 0
	for _, d := range details {
		if d.Modality == modalityAudio {
			n += d.Tokens
		}
	}
	return n
}

// usageOf returns the counts as the dialect has them.
func usageOf(u *schemas.Usage) *usageWire {
	if u == nil {
		return nil
	}
	out := &usageWire{Prompt: u.PromptTokens, Candidates: u.CompletionTokens, Total: u.TotalTokens}
	if d := u.PromptTokensDetails; d != nil {
		out.Cached = d.CachedTokens
		out.PromptDetails = audioOf(d.AudioTokens)
	}
	if d := u.CompletionTokensDetails; d != nil {
		out.Thoughts = d.ReasoningTokens
		out.Candidates = max(0, u.CompletionTokens-d.ReasoningTokens)
		out.CandidatesDetails = audioOf(d.AudioTokens)
	}
	return out
}

func audioOf(tokens int) []modalityWire {
	if tokens == 0 {
		return nil
	}
	return []modalityWire{{modalityAudio, tokens}}
}
