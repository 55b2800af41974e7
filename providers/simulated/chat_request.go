package simulated

import (
	"encoding/json"
	"errors"
	"strconv"

	"bifrost/schemas"
)

const maxChoices = 128

// chatRequest is what the simulation understands of a chat request; it lets
// unknown fields pass, as the real API's neighbours do.
type chatRequest struct {
	Model               string              `json:"model"`
	Messages            []chatMessage       `json:"messages"`
	Tools               []chatTool          `json:"tools"`
	ToolChoice          *schemas.ToolChoice `json:"tool_choice"`
	ParallelToolCalls   *bool               `json:"parallel_tool_calls"`
	ResponseFormat      *responseFormat     `json:"response_format"`
	MaxCompletionTokens *int                `json:"max_completion_tokens"`
	MaxTokens           *int                `json:"max_tokens"`
	N                   *int                `json:"n"`
	Stop                schemas.Strings     `json:"stop"`
	Stream              bool                `json:"stream"`
	StreamOptions       *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`

	rare *rareRequest // nil: nothing of it
}

// rareRequest is what few requests ask for, read from their body apart.
type rareRequest struct {
	thinking *wish // nil: the model is not to think
	known    int   // pieces of thinking that came back

	prompt []prefix // that may be cached
	marked bool     // prompt is what the caller has marked
}

type chatMessage struct {
	Role       string           `json:"role"`
	Content    *schemas.Content `json:"content"`
	ToolCallID string           `json:"tool_call_id"`
}

type chatTool struct {
	Type     string `json:"type"`
	Function struct {
		Name       string `json:"name"`
		Parameters any    `json:"parameters"`
	} `json:"function"`
	CacheControl *schemas.CacheControl `json:"cache_control"`
}

type responseFormat struct {
	Type       string `json:"type"`
	JSONSchema *struct {
		Schema any `json:"schema"`
	} `json:"json_schema"`
}

func parseChat(u *Upstream, c call) (job, *refusal) {
	r := new(chatRequest)
	if fault := decode(c.body, r); fault != nil {
		return nil, fault
	}
	for _, check := range []func() *refusal{r.checkMessages, r.checkNumbers, r.checkTools, r.checkFormat} {
		if fault := check(); fault != nil {
			return nil, fault
		}
	}
	if fault := r.readRare(u.cfg.Seed, c); fault != nil {
		return nil, fault
	}
	return r, nil
}

// decode reads a JSON body. Its refusals name fields, never what is in them.
func decode(body []byte, into any) *refusal {
	err := json.Unmarshal(body, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return badRequest(wrong.Field, "a field has the wrong type; see param")
	case json.Valid(body):
		return badRequest("", "the body is JSON, but a field has the wrong type")
	}
	return &refusal{status: 400, code: "invalid_json", message: "the body is not valid JSON"}
}

func (r *chatRequest) checkMessages() *refusal {
	if r.Model == "" {
		return badRequest("model", "model is missing; name one")
	}
	if len(r.Messages) == 0 {
		return badRequest("messages", "messages is missing or empty; send at least one")
	}
	for i, m := range r.Messages {
		at := "messages[" + strconv.Itoa(i) + "]"
		switch m.Role {
		case "system", "developer", "user", "assistant", "function":
		case "tool":
			if m.ToolCallID == "" {
				return badRequest(at+".tool_call_id", "a tool message needs the id of its call")
			}
		default:
			return badRequest(at+".role", "unknown role; use system, developer, user, assistant or tool")
		}
		if fault := checkContent(at, m.Content); fault != nil {
			return fault
		}
	}
	return nil
}

func (r *chatRequest) checkNumbers() *refusal {
	switch {
	case r.MaxCompletionTokens != nil && *r.MaxCompletionTokens < 1:
		return badRequest("max_completion_tokens", "max_completion_tokens is below 1")
	case r.MaxTokens != nil && *r.MaxTokens < 1:
		return badRequest("max_tokens", "max_tokens is below 1")
	case r.N != nil && (*r.N < 1 || *r.N > maxChoices):
		return badRequest("n", "n is not between 1 and "+strconv.Itoa(maxChoices))
	}
	return nil
}

func (r *chatRequest) checkTools() *refusal {
	for i, t := range r.Tools {
		if t.Type != "function" || t.Function.Name == "" {
			return badRequest("tools["+strconv.Itoa(i)+"]", `a tool needs type "function" and a function with a name`)
		}
	}
	c := r.ToolChoice
	if c == nil {
		return nil
	}
	if c.Function != "" {
		if r.tool(c.Function) == nil {
			return badRequest("tool_choice", "tool_choice names a function that is not among the tools")
		}
		return nil
	}
	switch c.Mode {
	case "none", "auto":
		return nil
	case "required":
		if len(r.Tools) > 0 {
			return nil
		}
		return badRequest("tool_choice", "tool_choice is required, but there are no tools")
	}
	return badRequest("tool_choice", "tool_choice must be none, auto, required or name a function")
}

func (r *chatRequest) checkFormat() *refusal {
	f := r.ResponseFormat
	if f == nil {
		return nil
	}
	switch f.Type {
	case "text", "json_object":
		return nil
	case "json_schema":
		if f.JSONSchema != nil && f.JSONSchema.Schema != nil {
			return nil
		}
		return badRequest("response_format.json_schema", "json_schema needs a schema")
	}
	return badRequest("response_format.type", "response_format must be text, json_object or json_schema")
}

func (r *chatRequest) tool(name string) *chatTool {
	for i := range r.Tools {
		if r.Tools[i].Function.Name == name {
			return &r.Tools[i]
		}
	}
	return nil
}

// chosenTools returns the functions that the answer calls; none means text.
func (r *chatRequest) chosenTools() []chatTool {
	if len(r.Tools) == 0 || r.Messages[len(r.Messages)-1].Role == "tool" {
		return nil
	}
	c := r.ToolChoice
	switch {
	case c == nil || c.Mode == "auto":
		return r.Tools[:1]
	case c.Function != "":
		return []chatTool{*r.tool(c.Function)}
	case c.Mode == "none":
		return nil
	case r.ParallelToolCalls != nil && !*r.ParallelToolCalls:
		return r.Tools[:1]
	}
	return r.Tools[:min(2, len(r.Tools))]
}

func (r *chatRequest) streams() bool { return r.Stream }

func (r *chatRequest) includeUsage() bool {
	return r.Stream && r.StreamOptions != nil && r.StreamOptions.IncludeUsage
}

func (r *chatRequest) choices() int {
	if r.N == nil {
		return 1
	}
	return *r.N
}

// tokenLimit is the caller's own limit; 0 means none.
func (r *chatRequest) tokenLimit() int {
	switch {
	case r.MaxCompletionTokens != nil:
		return *r.MaxCompletionTokens
	case r.MaxTokens != nil:
		return *r.MaxTokens
	}
	return 0
}

func (r *chatRequest) promptTokens() int {
	n := 0
	for _, m := range r.Messages {
		n += countContent(m.Content)
	}
	return n
}
