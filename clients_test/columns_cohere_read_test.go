package clients_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// cohereChat is the body of https://docs.cohere.com/reference/chat.
var cohereChat = fields(shape{
	"messages": fields(shape{
		"content":    fields(shape{"image_url": fields(nil, "url", "detail"), "document": fields(nil, "data", "id")}, "type", "text", "thinking"),
		"tool_calls": fields(shape{"function": fields(nil, "name", "arguments")}, "id", "type"),
	}, "role", "tool_plan", "tool_call_id", "citations"),
	"tools":            fields(shape{"function": fields(nil, "name", "description", "parameters")}, "type"),
	"response_format":  fields(nil, "type", "json_schema"),
	"thinking":         fields(nil, "type", "token_budget"),
	"citation_options": fields(nil, "mode"),
}, "model", "stream", "documents", "safety_mode", "max_tokens", "stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty",
	"k", "p", "logprobs", "tool_choice", "strict_tools", "priority")

type (
	cohereItem struct {
		Type     string  `json:"type"`
		Text     *string `json:"text"`
		Thinking *string `json:"thinking"`
		ImageURL *struct {
			URL    string `json:"url"`
			Detail string `json:"detail"`
		} `json:"image_url"`
		Document *struct {
			Data map[string]string `json:"data"`
		} `json:"document"`
	}
	cohereMessage struct {
		Role     string          `json:"role"`
		Content  json.RawMessage `json:"content"`
		ToolPlan string          `json:"tool_plan"`
		Calls    []struct {
			ID       string `json:"id"`
			Type     string `json:"type"`
			Function struct {
				Name      string `json:"name"`
				Arguments string `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
		CallID string `json:"tool_call_id"`
	}
	cohereRequest struct {
		Model    string          `json:"model"`
		Stream   bool            `json:"stream"`
		Messages []cohereMessage `json:"messages"`
		Tools    []struct {
			Type     string `json:"type"`
			Function struct {
				Name       string         `json:"name"`
				Parameters map[string]any `json:"parameters"`
			} `json:"function"`
		} `json:"tools"`
		ToolChoice *string `json:"tool_choice"`
		Format     *struct {
			Type   string         `json:"type"`
			Schema map[string]any `json:"json_schema"`
		} `json:"response_format"`
		Thinking *struct {
			Type   string `json:"type"`
			Budget *int   `json:"token_budget"`
		} `json:"thinking"`
		MaxTokens   *int     `json:"max_tokens"`
		Stop        []string `json:"stop_sequences"`
		Temperature *float64 `json:"temperature"`
		P           *float64 `json:"p"`
		K           *int     `json:"k"`
		Frequency   *float64 `json:"frequency_penalty"`
		Presence    *float64 `json:"presence_penalty"`
		Documents   []any    `json:"documents"`
	}
)

// read reads a chat, and returns it as one in OpenAI's form.
func (s *cohereServer) read(body []byte) (map[string]any, *cohereRequest, error) {
	if name := cohereChat.foreign(body); name != "" {
		return nil, nil, errors.New("unknown field: parameter '" + name + "' is not a valid field")
	}
	in := new(cohereRequest)
	if err := json.Unmarshal(body, in); err != nil {
		return nil, nil, err
	}
	ask := map[string]any{"model": "any"}
	for _, step := range []func(*cohereRequest, map[string]any) error{s.turns, cohereTools, cohereSampling, cohereForm} {
		if err := step(in, ask); err != nil {
			return nil, nil, err
		}
	}
	return ask, in, nil
}

func cohereTools(in *cohereRequest, ask map[string]any) error {
	var tools []map[string]any
	for _, t := range in.Tools {
		if t.Type != "function" || t.Function.Name == "" || t.Function.Parameters == nil {
			return errors.New("a tool must be a function with a name and parameters")
		}
		tools = append(tools, map[string]any{"type": "function", "function": map[string]any{"name": t.Function.Name, "parameters": t.Function.Parameters}})
	}
	if tools != nil {
		ask["tools"] = tools
	}
	switch {
	case in.ToolChoice == nil:
	case tools == nil:
		return errors.New("tool_choice cannot be specified without tools")
	case *in.ToolChoice == "REQUIRED":
		ask["tool_choice"] = "required"
	case *in.ToolChoice == "NONE":
		ask["tool_choice"] = "none"
	default:
		return errors.New("tool_choice must be one of REQUIRED or NONE")
	}
	return nil
}

func cohereSampling(in *cohereRequest, ask map[string]any) error {
	for _, c := range []struct {
		name        string
		value       *float64
		least, most float64
	}{{"temperature", in.Temperature, 0, 1}, {"p", in.P, 0.01, 0.99}, {"frequency_penalty", in.Frequency, 0, 1}, {"presence_penalty", in.Presence, 0, 1}} {
		if c.value != nil && (*c.value < c.least || *c.value > c.most) {
			return fmt.Errorf("%s must be between %v and %v inclusive.", c.name, c.least, c.most)
		}
	}
	switch {
	case in.Frequency != nil && *in.Frequency != 0 && in.Presence != nil && *in.Presence != 0:
		return errors.New("cannot specify both frequency_penalty and presence_penalty.")
	case in.K != nil && (*in.K < 0 || *in.K > 500):
		return errors.New("k must be between 0 and 500 inclusive.")
	case len(in.Stop) > 5:
		return errors.New("a maximum of 5 stop_sequences can be specified.")
	case in.MaxTokens != nil && *in.MaxTokens < 1:
		return errors.New("max_tokens must be at least 1.")
	}
	if in.MaxTokens != nil {
		ask["max_tokens"] = *in.MaxTokens
	}
	if len(in.Stop) > 0 {
		ask["stop"] = in.Stop
	}
	return nil
}

func cohereForm(in *cohereRequest, ask map[string]any) error {
	if t := in.Thinking; t != nil {
		switch {
		case t.Type == "enabled" && (t.Budget == nil || *t.Budget > 0):
			ask["reasoning_effort"] = "medium"
		case t.Type != "disabled" || t.Budget != nil:
			return errors.New("thinking.type must be enabled or disabled, and the budget positive")
		}
	}
	f := in.Format
	switch {
	case f == nil || f.Type == "text" && f.Schema == nil:
	case f.Type != "json_object":
		return errors.New("response_format.type must be one of text or json_object")
	case len(in.Documents) > 0 || len(in.Tools) > 0:
		return errors.New("response_format is not supported with RAG.")
	case f.Schema == nil:
		ask["response_format"] = map[string]any{"type": "json_object"}
	case f.Schema["type"] != "object" || f.Schema["required"] == nil:
		return errors.New("the json_schema must be an object with at least one required field") // docs.cohere.com/docs/structured-outputs
	default:
		ask["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "answer", "schema": f.Schema}}
	}
	return nil
}

// turns reads the conversation. The results of tools follow the calls that they answer.
func (s *cohereServer) turns(in *cohereRequest, ask map[string]any) error {
	var out []map[string]any
	var open []string // calls without a result
	for i, m := range in.Messages {
		var message map[string]any
		items, err := cohereItems(m.Content)
		if err != nil {
			return err
		}
		if m.Role != "assistant" && (m.ToolPlan != "" || m.Calls != nil) || m.Role != "tool" && m.CallID != "" {
			return fmt.Errorf("messages[%d] has a field that is not of its role", i)
		}
		if len(open) > 0 && m.Role != "tool" {
			return fmt.Errorf("messages[%d]: tool calls must be followed by their results", i)
		}
		switch m.Role {
		case "system":
			message, err = cohereSays(m.Role, items, "text")
		case "user":
			message, err = cohereSays(m.Role, items, "text", "image_url")
		case "tool":
			message, err = cohereSays(m.Role, items, "text", "document")
			if !slices.Contains(open, m.CallID) {
				err = fmt.Errorf("messages[%d]: tool call id not found in previous tool calls", i)
			}
			open = slices.DeleteFunc(open, func(id string) bool { return id == m.CallID })
		case "assistant":
			message, err = s.assistant(m, items)
			for _, c := range m.Calls {
				open = append(open, c.ID)
			}
		default:
			err = fmt.Errorf("messages[%d].role must be one of user, assistant, system or tool", i)
		}
		if err != nil {
			return err
		}
		if m.CallID != "" {
			message["tool_call_id"] = m.CallID
		}
		out = append(out, message)
	}
	if len(out) == 0 || len(open) > 0 || in.Messages[len(out)-1].Role == "assistant" {
		return errors.New("the last message must be of the role user or tool, and all calls must have a result")
	}
	ask["messages"] = out
	return nil
}

// cohereItems reads a message's content, which may be a text.
func cohereItems(data json.RawMessage) ([]cohereItem, error) {
	var text string
	if len(data) == 0 {
		return nil, nil
	}
	if json.Unmarshal(data, &text) == nil {
		return []cohereItem{{Type: "text", Text: &text}}, nil
	}
	var items []cohereItem
	err := json.Unmarshal(data, &items)
	return items, err
}

// cohereSays returns a message whose items are of some types.
func cohereSays(role string, items []cohereItem, types ...string) (map[string]any, error) {
	var parts []map[string]any
	said := false
	for _, item := range items {
		switch {
		case !slices.Contains(types, item.Type):
			return nil, fmt.Errorf("content of type '%s' is not supported in a message of the role %s", item.Type, role)
		case item.Type == "text" && item.Text != nil:
			said = said || !blank(*item.Text)
			parts = append(parts, map[string]any{"type": "text", "text": *item.Text})
		case item.Type == "image_url" && item.ImageURL != nil && slices.Contains([]string{"", "auto", "low", "high"}, item.ImageURL.Detail):
			said = true
			parts = append(parts, map[string]any{"type": "image_url", "image_url": map[string]any{"url": item.ImageURL.URL}})
		case item.Type == "document" && item.Document != nil && len(item.Document.Data) > 0:
			said = true
			parts = append(parts, map[string]any{"type": "text", "text": strings.Join([]string{item.Document.Data["title"], item.Document.Data["text"]}, "\n")})
		default:
			return nil, errors.New("an item of content is not of its type")
		}
	}
	if !said {
		return nil, errors.New("message must be at least 1 token long or tool results must be specified.")
	}
	return map[string]any{"role": role, "content": parts}, nil
}

// assistant reads a message of the model.
func (s *cohereServer) assistant(m cohereMessage, items []cohereItem) (map[string]any, error) {
	out := map[string]any{"role": "assistant", "content": nil}
	var texts []map[string]any
	var details []map[string]any
	for _, item := range items {
		switch {
		case item.Type == "text" && item.Text != nil && !blank(*item.Text):
			texts = append(texts, map[string]any{"type": "text", "text": *item.Text})
		case item.Type == "thinking" && item.Thinking != nil:
			if signature := s.signature(*item.Thinking); signature != "" {
				details = append(details, map[string]any{"type": "reasoning.encrypted", "data": signature, "format": "openai-responses-v1"})
			}
		default:
			return nil, errors.New("content of the assistant must be text that is not empty, or thinking")
		}
	}
	var calls []map[string]any
	for _, c := range m.Calls {
		var arguments map[string]any
		if c.ID == "" || c.Type != "function" || c.Function.Name == "" || json.Unmarshal([]byte(c.Function.Arguments), &arguments) != nil {
			return nil, errors.New("a tool call must have an id, a name and arguments that are a JSON object")
		}
		calls = append(calls, map[string]any{"id": c.ID, "type": "function", "function": map[string]any{"name": c.Function.Name, "arguments": c.Function.Arguments}})
	}
	if texts != nil {
		out["content"] = texts
	}
	if calls != nil {
		out["tool_calls"] = calls
	}
	if details != nil {
		out["reasoning_details"] = details
	}
	if texts == nil && calls == nil {
		return nil, errors.New("all elements in history must have a message.")
	}
	return out, nil
}
