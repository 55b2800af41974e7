package openai

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Mistral's API takes no id of a call that is not of nine letters and digits.
const (
	shortID    = 9
	idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// shortCallID returns id if it is short already, and else one that stands for it, the
// same each time.
func shortCallID(id string) string {
	plain := len(id) == shortID
	for _, r := range []byte(id) {
		plain = plain && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}
	if plain || id == "" {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	short := make([]byte, shortID)
	for i := range short {
		short[i] = idAlphabet[int(sum[i])%len(idAlphabet)]
	}
	return string(short)
}

// quirks changes what providers of the dialect have otherwise than OpenAI; r's lists of
// messages belong to it.
func (p *plainer) quirks(r *schemas.ChatRequest) {
	if slices.Contains(p.opts.Refuses, "user") && r.User != "" {
		r.User = ""
		p.drop("user")
	}
	extra := maps.Clone(r.Extra)
	for _, name := range p.opts.Refuses {
		if _, given := extra[name]; given {
			delete(extra, name)
			p.drop(name)
		}
	}
	if p.opts.RandomSeed && r.Seed != nil {
		if extra == nil {
			extra = map[string]json.RawMessage{}
		}
		extra["random_seed"], _ = json.Marshal(*r.Seed) // an integer
		r.Seed = nil
	}
	r.Extra = extra
}

// toolChoice says by the tools what a provider that has no choice among them would not
// hear; r's list of tools belongs to it.
func (p *plainer) toolChoice(r *schemas.ChatRequest) error {
	c := r.ToolChoice
	if !p.opts.NoToolChoice || c == nil {
		return nil
	}
	r.ToolChoice = nil
	switch {
	case c.Function != "":
		r.Tools = slices.DeleteFunc(r.Tools, func(t schemas.Tool) bool { return t.Function.Name != c.Function })
		if len(r.Tools) == 0 {
			return dialect.BadRequest("tool_choice names a function that is not among tools; correct it")
		}
	case c.Mode == "none":
		r.Tools = nil
	case c.Mode == "required":
		p.drop("tool_choice")
	}
	return nil
}

// messageQuirks does so for one message.
func (p *plainer) messageQuirks(m *schemas.ChatMessage) {
	if p.opts.SystemOnly && m.Role == "developer" {
		m.Role = "system"
	}
	if p.opts.NoReasoning && m.Reasoning != "" {
		m.Reasoning = ""
		p.drop("messages.reasoning_content")
	}
	if !p.opts.ShortCallIDs {
		return
	}
	m.ToolCallID = shortCallID(m.ToolCallID)
	m.ToolCalls = slices.Clone(m.ToolCalls)
	for i := range m.ToolCalls {
		m.ToolCalls[i].ID = shortCallID(m.ToolCalls[i].ID)
	}
}
