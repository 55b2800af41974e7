package openai

import (
	"encoding/json"
	"fmt"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// responsesTool is a tool that the model may call, whose own fields are beside its type.
type responsesTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      *bool           `json:"strict"`
}

const toolFunction = "function"

// tools translates tools and tool_choice.
func (c *responsesCall) tools(in *responsesRequest) error {
	for i, t := range in.Tools {
		if t.Type != toolFunction {
			return notCarried(fmt.Sprintf("tools[%d], a tool %s,", i, ofType(t.Type)))
		}
		if t.Name == "" {
			return dialect.BadRequest(fmt.Sprintf("tools[%d].name is missing; name the function", i))
		}
		tool := schemas.Tool{Type: toolFunction, Function: schemas.ToolFunction{Name: t.Name, Description: t.Description, Strict: t.Strict}}
		if dialect.Present(t.Parameters) {
			tool.Function.Parameters = t.Parameters
		}
		c.chat.Tools = append(c.chat.Tools, tool)
	}
	if !dialect.Present(in.ToolChoice) {
		return nil
	}
	return c.choose(in.ToolChoice)
}

// choose translates tool_choice: a mode, a function, or the tools that are allowed.
func (c *responsesCall) choose(choice json.RawMessage) error {
	var mode string
	if json.Unmarshal(choice, &mode) == nil {
		return c.mode(mode)
	}
	var in struct {
		Type  string          `json:"type"`
		Name  string          `json:"name"`
		Mode  string          `json:"mode"`
		Tools []responsesTool `json:"tools"`
	}
	if err := json.Unmarshal(choice, &in); err != nil {
		return dialect.BadRequest("the field tool_choice has the wrong type; correct it")
	}
	switch {
	case in.Type == toolFunction && in.Name != "":
		c.chat.ToolChoice = &schemas.ToolChoice{Function: in.Name}
		return nil
	case in.Type == toolFunction:
		return dialect.BadRequest("tool_choice.name is missing; name the function")
	case in.Type == "allowed_tools":
		if err := c.allow(in.Tools); err != nil {
			return err
		}
		return c.mode(in.Mode)
	}
	return notCarried("tool_choice " + ofType(in.Type))
}

func (c *responsesCall) mode(mode string) error {
	switch mode {
	case "auto", "none", "required":
		c.chat.ToolChoice = &schemas.ToolChoice{Mode: mode}
		return nil
	}
	return dialect.BadRequest(`tool_choice must be "auto", "none", "required" or an object; correct it`)
}

// allow leaves only the tools that the model may call.
func (c *responsesCall) allow(tools []responsesTool) error {
	allowed := map[string]bool{}
	for i, t := range tools {
		if t.Type != toolFunction {
			return notCarried(fmt.Sprintf("tool_choice.tools[%d], a tool %s,", i, ofType(t.Type)))
		}
		allowed[t.Name] = true
	}
	kept := slices.DeleteFunc(c.chat.Tools, func(t schemas.Tool) bool { return !allowed[t.Function.Name] })
	if len(kept) == 0 {
		return dialect.BadRequest("tool_choice.tools allows none of the tools; name one of them")
	}
	c.chat.Tools = kept
	return nil
}

// ofType names a type in an error if it may be one of the API's own.
func ofType(typ string) string {
	if !plainWord(typ, 40) {
		return "of the type given"
	}
	return "of the type " + typ
}

// plainWord reports whether s is a name of letters, digits, "_" and "-", and no longer
// than most.
func plainWord(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}
