package openai

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
)

// Plain returns the body of a chat call, as its caller wrote it, with what the provider
// has under another name, as a typed request has it: the role "developer",
// "max_completion_tokens", a choice of tools that it would ignore, and the reasoning of
// earlier answers. A body without these, or that cannot be read, keeps its bytes; body is
// not modified.
func (o ChatOptions) Plain(body []byte) []byte {
	for _, change := range []struct {
		quirk bool
		word  string
		do    func([]byte) ([]byte, error)
	}{
		{o.SystemOnly, `"developer"`, systemOnly},
		{o.MaxTokensOnly, `"max_completion_tokens"`, maxTokensOnly},
		{o.NoToolChoice, `"tool_choice"`, chosenTools},
		{o.PlainReasoning, `"reasoning_content"`, plainReasoning},
	} {
		if !change.quirk || !bytes.Contains(body, []byte(change.word)) || !dialect.ValidBytes(body) {
			continue
		}
		if changed, err := change.do(body); err == nil {
			body = changed
		}
	}
	return body
}

func systemOnly(body []byte) ([]byte, error) {
	return dialect.WithElements(body, "messages", func(m gjson.Result) (string, bool) {
		if m.Get("role").Str != "developer" {
			return "", false
		}
		changed, err := sjson.Set(m.Raw, "role", "system")
		return changed, err == nil
	}), nil
}

func plainReasoning(body []byte) ([]byte, error) {
	return dialect.WithElements(body, "messages", func(m gjson.Result) (string, bool) {
		text := m.Get("reasoning_content")
		if text.Type != gjson.String {
			return "", false
		}
		changed, err := m.Raw, error(nil)
		if !m.Get("reasoning").Exists() {
			if changed, err = sjson.SetRaw(changed, "reasoning", text.Raw); err != nil {
				return "", false
			}
		}
		changed, err = sjson.Delete(changed, "reasoning_content")
		return changed, err == nil
	}), nil
}

func maxTokensOnly(body []byte) ([]byte, error) {
	most := gjson.GetBytes(body, "max_completion_tokens")
	if most.Type != gjson.Number {
		return body, nil
	}
	body, err := sjson.SetRawBytes(body, "max_tokens", []byte(most.Raw))
	if err != nil {
		return nil, err
	}
	return sjson.DeleteBytes(body, "max_completion_tokens")
}

// chosenTools leaves the tools that are not chosen out. That some tool must be called
// cannot be said.
func chosenTools(body []byte) ([]byte, error) {
	choice := gjson.GetBytes(body, "tool_choice")
	if choice.Str == "none" {
		return sjson.DeleteBytes(body, "tools")
	}
	name := choice.Get("function.name").Str
	kept := toolsOf(body, map[string]bool{name: true})
	if name == "" || len(kept) == 0 {
		return body, nil
	}
	return sjson.SetRawBytes(body, "tools", []byte("["+strings.Join(kept, ",")+"]"))
}
