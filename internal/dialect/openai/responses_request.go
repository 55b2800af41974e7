package openai

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// responsesRequest has the fields of a call of the Responses API that have a place in
// a chat completion, or whose value decides what becomes of the call
// (https://platform.openai.com/docs/api-reference/responses/create).
type responsesRequest struct {
	Model             string              `json:"model"`
	Input             json.RawMessage     `json:"input"`
	Instructions      *string             `json:"instructions"`
	Tools             []responsesTool     `json:"tools"`
	ToolChoice        json.RawMessage     `json:"tool_choice"`
	ParallelToolCalls *bool               `json:"parallel_tool_calls"`
	Text              *responsesText      `json:"text"`
	Reasoning         *responsesReasoning `json:"reasoning"`
	MaxOutputTokens   *int                `json:"max_output_tokens"`
	Temperature       *float64            `json:"temperature"`
	TopP              *float64            `json:"top_p"`
	TopLogprobs       *int                `json:"top_logprobs"`
	User              string              `json:"user"`
	Include           []string            `json:"include"`
	Truncation        string              `json:"truncation"`
	Store             *bool               `json:"store"`
	Background        *bool               `json:"background"`
	Stream            *bool               `json:"stream"`
}

// responsesText says how the answer's text is to be.
type responsesText struct {
	Format    *responsesFormat `json:"format"`
	Verbosity json.RawMessage  `json:"verbosity"`
}

// responsesFormat is a format of the text: "text", "json_object" or "json_schema".
type responsesFormat struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema"`
	Strict      *bool           `json:"strict"`
}

// responsesReasoning says how much the model is to reason. What a provider shows of its
// thinking is in the answer whether a summary is asked for or not.
type responsesReasoning struct {
	Effort string `json:"effort"`
}

var responsesFields = fieldNames(reflect.TypeFor[responsesRequest]())

// What becomes of the fields that responsesRequest has not. Any other is passed on as
// it is.
var (
	// storedState needs a store of responses, or of prompts.
	storedState = []string{"conversation", "previous_response_id", "prompt"}

	// withoutEffect are named as left out: they are about built-in tools, a store, or the
	// form of events.
	withoutEffect = []string{"context_management", "max_tool_calls", "moderation", "stream_options"}
)

// responsesCall is a call of the Responses API as a chat completion.
type responsesCall struct {
	chat    *schemas.ChatRequest
	stream  bool
	asked   map[string]json.RawMessage // every field
	dropped []string
}

// decodeResponses reads a call of the Responses API.
func decodeResponses(data []byte) (*responsesCall, error) {
	var in responsesRequest
	rest, err := decodeRequest(data, &in, responsesFields)
	if err != nil {
		return nil, err
	}
	for _, name := range storedState {
		if dialect.Present(rest[name]) {
			return nil, notCarried(name + ", which is kept at a provider of the Responses API,")
		}
	}
	if isTrue(in.Background) {
		return nil, notCarried("background")
	}
	if in.Model == "" {
		return nil, dialect.BadRequest("the field model is missing; name a model")
	}
	c := &responsesCall{stream: isTrue(in.Stream), chat: &schemas.ChatRequest{Model: in.Model, IncludeUsage: true,
		MaxCompletionTokens: in.MaxOutputTokens, ParallelToolCalls: in.ParallelToolCalls, Temperature: in.Temperature,
		TopP: in.TopP, User: in.User}}
	if err := json.Unmarshal(data, &c.asked); err != nil { // it was read before
		return nil, dialect.BadRequest("the request's body is not a json object; correct it")
	}
	if c.chat.Messages, err = c.messages(&in); err != nil {
		return nil, err
	}
	if err := c.tools(&in); err != nil {
		return nil, err
	}
	if err := c.form(&in); err != nil {
		return nil, err
	}
	c.ignore(&in)
	c.rest(rest)
	return c, nil
}

// notCarried is the error for what a chat completion cannot carry.
func notCarried(what string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: what + " is not translated to chat completions, which is what this provider has; leave it out, or use a provider of the Responses API"}
}

func isTrue(b *bool) bool { return b != nil && *b }

func (c *responsesCall) drop(name string) {
	if !slices.Contains(c.dropped, name) {
		c.dropped = append(c.dropped, name)
	}
}

// form translates what is said of the answer's form, and of the reasoning before it.
func (c *responsesCall) form(in *responsesRequest) error {
	if in.Reasoning != nil {
		c.chat.ReasoningEffort = in.Reasoning.Effort
	}
	if n := in.TopLogprobs; n != nil && *n > 0 {
		c.chat.TopLogprobs = n
	}
	if c.chat.TopLogprobs != nil || slices.Contains(in.Include, includeLogprobs) {
		yes := true
		c.chat.Logprobs = &yes
	}
	if in.Text == nil {
		return nil
	}
	if dialect.Present(in.Text.Verbosity) {
		c.extra("verbosity", in.Text.Verbosity)
	}
	return c.format(in.Text.Format)
}

func (c *responsesCall) format(f *responsesFormat) error {
	if f == nil {
		return nil
	}
	switch f.Type {
	case "text":
	case "json_object":
		c.chat.ResponseFormat = &schemas.ResponseFormat{Type: f.Type}
	case "json_schema":
		if f.Name == "" || !dialect.Present(f.Schema) {
			return dialect.BadRequest("text.format of type json_schema needs a name and a schema; add them")
		}
		schema, err := json.Marshal(struct {
			Name        string          `json:"name"`
			Description string          `json:"description,omitempty"`
			Schema      json.RawMessage `json:"schema"`
			Strict      *bool           `json:"strict,omitempty"`
		}{f.Name, f.Description, f.Schema, f.Strict})
		if err != nil { // it was read as json
			return dialect.BadRequest("text.format.schema is not valid json; correct it")
		}
		c.chat.ResponseFormat = &schemas.ResponseFormat{Type: f.Type, JSONSchema: schema}
	default:
		return dialect.BadRequest(`text.format.type must be "text", "json_object" or "json_schema"; correct it`)
	}
	return nil
}

// Values of include. What they ask for is in every answer, or can be asked for.
const (
	includeReasoning = "reasoning.encrypted_content"
	includeLogprobs  = "message.output_text.logprobs"
)

// ignore names the fields whose value asks for what is not done.
func (c *responsesCall) ignore(in *responsesRequest) {
	if isTrue(in.Store) {
		c.drop("store") // nothing is kept
	}
	if in.Truncation == "auto" {
		c.drop("truncation") // an input that is too long is refused
	}
	for _, what := range in.Include {
		if what != includeReasoning && what != includeLogprobs {
			c.drop("include") // of built-in tools, which there are none of
		}
	}
}

// rest translates the fields that responsesRequest has not.
func (c *responsesCall) rest(fields map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch {
		case !dialect.Present(fields[name]), name == "metadata": // which the answer repeats
		case slices.Contains(withoutEffect, name), chatFields[name]:
			c.drop(name) // the Responses API has no field of a chat completion's name but with its meaning
		case name == "service_tier" && string(fields[name]) == `"auto"`: // as if it were not there
		default:
			c.extra(name, fields[name])
		}
	}
}

func (c *responsesCall) extra(name string, value json.RawMessage) {
	if c.chat.Extra == nil {
		c.chat.Extra = map[string]json.RawMessage{}
	}
	c.chat.Extra[name] = value
}
