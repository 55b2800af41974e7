package openai

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// sentTool is a function as it is sent. A schema is strict there unless it is said not to
// be, and in a chat only where it is said to be
// (https://platform.openai.com/docs/guides/migrate-to-responses).
type sentTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"`
}

// noParameters is the schema of a function without parameters.
const noParameters = `{"type":"object","properties":{}}`

// tools writes the tools, and which of them is to be called.
func (s *sender) tools() error {
	for i := range s.chat.Tools {
		t := &s.chat.Tools[i]
		if t.Type != toolFunction && t.Type != "" || t.Raw != nil || t.Function.Name == "" {
			return notAResponse(fmt.Sprintf("tools[%d], a tool %s without a function's name,", i, ofType(t.Type)))
		}
		if t.CacheControl != nil {
			s.drop("tools.cache_control")
		}
		out := sentTool{Type: toolFunction, Name: t.Function.Name, Description: t.Function.Description,
			Parameters: t.Function.Parameters, Strict: isTrue(t.Function.Strict)}
		if !dialect.Present(out.Parameters) {
			out.Parameters = json.RawMessage(noParameters)
		}
		s.out.Tools = append(s.out.Tools, out)
	}
	options, given := s.extra["web_search_options"] // an empty one asks for a search too
	delete(s.extra, "web_search_options")
	filters := map[string]json.RawMessage{}
	for _, name := range s.opts.SearchFilters {
		if v := s.take(name); v != nil {
			filters[name] = v
		}
	}
	if given && string(options) != "null" || s.search || len(filters) > 0 {
		tool := s.webSearch(options)
		if len(filters) > 0 {
			tool["filters"] = filters
		}
		s.out.Tools = append(s.out.Tools, tool)
	}
	if c := s.chat.ToolChoice; c != nil {
		s.out.ToolChoice = c.Mode
		if c.Function != "" {
			s.out.ToolChoice = map[string]string{"type": toolFunction, "name": c.Function}
		}
	}
	return nil
}

// webSearch returns the tool that a chat's web_search_options stand for. What they say of
// the user's place is one level deeper.
func (s *sender) webSearch(options json.RawMessage) map[string]any {
	tool := map[string]any{"type": "web_search"}
	in := gjson.ParseBytes(options)
	if size := in.Get("search_context_size"); size.Type == gjson.String {
		tool["search_context_size"] = size.Str
	}
	place := in.Get("user_location")
	if !place.IsObject() {
		return tool
	}
	flat, _ := place.Value().(map[string]any) // it is an object
	if near, ok := flat["approximate"].(map[string]any); ok {
		delete(flat, "approximate")
		for name, v := range near {
			flat[name] = v
		}
	}
	if s.opts.Plain {
		delete(flat, "type") // a place has none there
	}
	tool["user_location"] = flat
	return tool
}

// format writes what is said of the answer's text.
func (s *sender) format() error {
	text := map[string]json.RawMessage{}
	if given := s.take("text"); given != nil {
		if json.Unmarshal(given, &text) != nil {
			return dialect.BadRequest("the field text must be an object; correct it")
		}
	}
	if verbosity := s.take("verbosity"); verbosity != nil {
		text["verbosity"] = verbosity
	}
	f := s.chat.ResponseFormat
	switch {
	case f == nil || f.Type == "text":
	case s.opts.FormatOnTop:
		s.out.ResponseFormat = f
	default:
		format, err := formatOf(f)
		if err != nil {
			return err
		}
		text["format"] = format
	}
	if s.opts.FormatOnTop && len(text) > 0 {
		s.drop("text")
		return nil
	}
	s.out.Text = text
	return nil
}

// formatOf returns a format as the API has it: the schema's fields are beside its type.
func formatOf(f *schemas.ResponseFormat) (json.RawMessage, error) {
	switch f.Type {
	case "json_object":
		return json.RawMessage(`{"type":"json_object"}`), nil
	case "json_schema":
	default:
		return nil, notAResponse("response_format " + ofType(f.Type))
	}
	var in struct {
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Schema      json.RawMessage `json:"schema"`
		Strict      *bool           `json:"strict,omitempty"`
	}
	if json.Unmarshal(f.JSONSchema, &in) != nil || in.Name == "" || !dialect.Present(in.Schema) {
		return nil, dialect.BadRequest("response_format.json_schema needs a name and a schema; add them")
	}
	in.Type = f.Type
	return json.Marshal(in)
}

// reason writes how much the model is to reason, and whether it is to be seen: whoever
// asks for thinking as such wants to read it.
func (s *sender) reason() error {
	given := s.take("reasoning")
	reasoning := map[string]json.RawMessage{}
	if given != nil && json.Unmarshal(given, &reasoning) != nil {
		return dialect.BadRequest("the field reasoning must be an object; correct it")
	}
	effort := s.chat.ReasoningEffort
	thinking := s.chat.Thinking
	if effort == "" && thinking != nil {
		effort = effortOf(thinking)
	}
	switch {
	case effort == "none" && s.opts.Plain:
		s.drop("reasoning_effort") // there is no such effort
	case effort != "":
		reasoning["effort"], _ = json.Marshal(effort) // a text
	}
	if thinking != nil && !thinking.Off && !thinking.Hidden && !s.opts.Plain && reasoning["summary"] == nil {
		reasoning["summary"] = json.RawMessage(`"auto"`)
	}
	s.out.Reasoning = reasoning
	return nil
}
