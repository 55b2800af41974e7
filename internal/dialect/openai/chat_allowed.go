package openai

import (
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// onlyAllowed returns a chat request whose tool_choice allows some of its tools only as
// one that has no others, which every dialect can say.
// https://platform.openai.com/docs/api-reference/chat/create#chat_create-tool_choice
func onlyAllowed(body []byte) ([]byte, error) {
	choice := gjson.GetBytes(body, "tool_choice")
	if choice.Get("type").Str != "allowed_tools" {
		return body, nil
	}
	mode := choice.Get("allowed_tools.mode").Str
	if mode != "auto" && mode != "required" {
		return nil, dialect.BadRequest(`tool_choice.allowed_tools.mode must be "auto" or "required"; correct it`)
	}
	allowed := map[string]bool{}
	for _, t := range choice.Get("allowed_tools.tools").Array() {
		name := t.Get("function.name").Str
		if name == "" {
			return nil, notAFunction()
		}
		allowed[name] = true
	}
	kept := toolsOf(body, allowed)
	if len(kept) == 0 || len(kept) != len(allowed) {
		return nil, dialect.BadRequest("tool_choice.allowed_tools names a tool that tools has not, or none; correct it")
	}
	body, err := sjson.SetRawBytes(body, "tools", []byte("["+strings.Join(kept, ",")+"]"))
	if err == nil {
		body, err = sjson.SetBytes(body, "tool_choice", mode)
	}
	if err != nil {
		return nil, dialect.BadRequest("the body is not a JSON object; correct it")
	}
	return body, nil
}

// toolsOf returns the tools of a request that are allowed, as they are written.
func toolsOf(body []byte, allowed map[string]bool) (kept []string) {
	for _, t := range gjson.GetBytes(body, "tools").Array() {
		if allowed[t.Get("function.name").Str] {
			kept = append(kept, t.Raw)
		}
	}
	return kept
}

func notAFunction() error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: "tool_choice.allowed_tools has a tool that is no function, which is not translated to the provider's dialect; leave it out"}
}
