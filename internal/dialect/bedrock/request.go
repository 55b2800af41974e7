package bedrock

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// ownFields are Converse's fields that have no canonical form: an Extra of their name
// is sent as it is.
var ownFields = []string{"additionalModelResponseFieldPaths", "guardrailConfig", "performanceConfig",
	"promptVariables", "requestMetadata", "serviceTier"}

const additionalFields = "additionalModelRequestFields"

// chatEncoder writes one chat request.
type chatEncoder struct {
	req     *schemas.ChatRequest
	model   string
	out     request
	names   map[string]int // of documents, and the last number that was put after each
	dropped []string
}

// drop notes a field that is left out by rule.
func (e *chatEncoder) drop(field string) { e.dropped = append(e.dropped, field) }

// leftOut returns what was left out, once each.
func (e *chatEncoder) leftOut() []string {
	slices.Sort(e.dropped)
	return slices.Compact(e.dropped)
}

// encodeChat writes a request of Converse or ConverseStream.
func encodeChat(req *schemas.ChatRequest, model string) (body []byte, dropped []string, err error) {
	e := &chatEncoder{req: req, model: model, names: map[string]int{}}
	if err := e.fill(); err != nil {
		return nil, nil, err
	}
	extra := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(req.Extra)) {
		switch {
		case slices.Contains(ownFields, name):
			extra[name] = req.Extra[name]
		case name != additionalFields:
			e.drop(name)
		}
	}
	if body, err = json.Marshal(e.out); err != nil {
		return nil, nil, dialect.BadRequest("the chat request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	body, err = dialect.Merge(body, extra)
	return body, e.leftOut(), err
}

// encodeCount writes a request of CountTokens.
func encodeCount(req *schemas.ChatRequest, model string) ([]byte, []string, error) {
	e := &chatEncoder{req: req, model: model, names: map[string]int{}}
	if err := e.fill(); err != nil {
		return nil, nil, err
	}
	var in struct {
		Input struct {
			Converse request `json:"converse"`
		} `json:"input"`
	}
	in.Input.Converse = e.out
	in.Input.Converse.InferenceConfig, in.Input.Converse.OutputConfig = nil, nil // not part of what is counted
	body, err := json.Marshal(in)
	if err != nil {
		return nil, nil, dialect.BadRequest("the chat request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	return body, e.leftOut(), nil
}

// fill translates all of the request.
func (e *chatEncoder) fill() error {
	if e.req.N != nil && *e.req.N > 1 {
		return refused("n", "Bedrock gives one answer to a request; leave n out and ask more than once")
	}
	if e.req.Logprobs != nil && *e.req.Logprobs || e.req.TopLogprobs != nil && *e.req.TopLogprobs > 0 {
		return refused("logprobs", "Bedrock has none; leave it out, or use a provider that has it")
	}
	for _, part := range []func() error{e.additional, e.messages, e.tools, e.responseFormat} {
		if err := part(); err != nil {
			return err
		}
	}
	e.inference()
	e.thinking()
	e.dropRest()
	if len(e.out.AdditionalModelRequestFields) == 0 {
		e.out.AdditionalModelRequestFields = nil
	}
	return nil
}

// refused is the error for a field that the dialect cannot carry.
func refused(field, advice string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation, Message: "the field " + field + " cannot be sent: " + advice}
}

// additional begins with the model's own fields that the caller gave.
func (e *chatEncoder) additional() error {
	e.out.AdditionalModelRequestFields = map[string]json.RawMessage{}
	given := e.req.Extra[additionalFields]
	if len(given) == 0 {
		return nil
	}
	if err := json.Unmarshal(given, &e.out.AdditionalModelRequestFields); err != nil || e.out.AdditionalModelRequestFields == nil {
		return dialect.BadRequest(additionalFields + " is not a json object; correct it")
	}
	return nil
}

// own sets a field of the model's own, unless the caller gave it.
func (e *chatEncoder) own(name string, value any) {
	if _, given := e.out.AdditionalModelRequestFields[name]; given {
		return
	}
	data, err := json.Marshal(value)
	if err != nil {
		panic("bug: " + err.Error()) // value is ours
	}
	e.out.AdditionalModelRequestFields[name] = data
}

// inference translates the sampling parameters.
func (e *chatEncoder) inference() {
	in := inference{MaxTokens: e.req.MaxCompletionTokens, Temperature: e.req.Temperature, TopP: e.req.TopP, StopSequences: e.req.Stop}
	if in.MaxTokens == nil {
		in.MaxTokens = e.req.MaxTokens
	}
	if in.MaxTokens != nil || in.Temperature != nil || in.TopP != nil || len(in.StopSequences) > 0 {
		e.out.InferenceConfig = &in
	}
	if e.req.TopK == nil {
		return
	}
	if isClaude(e.model) {
		e.own("top_k", *e.req.TopK)
	} else {
		e.drop("top_k") // each model calls it otherwise
	}
}

// dropRest names the fields that Converse has not.
func (e *chatEncoder) dropRest() {
	for name, given := range map[string]bool{
		"frequency_penalty":   e.req.FrequencyPenalty != nil && *e.req.FrequencyPenalty != 0,
		"presence_penalty":    e.req.PresencePenalty != nil && *e.req.PresencePenalty != 0,
		"seed":                e.req.Seed != nil,
		"user":                e.req.User != "",
		"parallel_tool_calls": e.req.ParallelToolCalls != nil && !*e.req.ParallelToolCalls,
	} {
		if given {
			e.drop(name)
		}
	}
}

// tools translates the tools and the choice among them.
func (e *chatEncoder) tools() error {
	if len(e.req.Tools) == 0 {
		return nil
	}
	cfg := &toolConfig{}
	for _, t := range e.req.Tools {
		if t.Type != "function" && t.Type != "" {
			return refused("tools", "Bedrock takes functions only; leave tools of another type out")
		}
		spec := &toolSpec{Name: t.Function.Name, Description: t.Function.Description, Strict: t.Function.Strict,
			InputSchema: inputSchema{JSON: schemaOf(t.Function.Parameters)}}
		cfg.Tools = append(cfg.Tools, tool{ToolSpec: spec})
		if t.CacheControl != nil {
			cfg.Tools = append(cfg.Tools, tool{CachePoint: pointOf(t.CacheControl)})
		}
	}
	choice, none, err := choiceOf(e.req.ToolChoice)
	if err != nil {
		return err
	}
	if none {
		return e.noTools()
	}
	cfg.ToolChoice = choice
	e.out.ToolConfig = cfg
	return nil
}

// noTools leaves the tools out, which is what Converse has for the choice "none". It
// refuses calls and results of tools in the messages without them.
func (e *chatEncoder) noTools() error {
	for _, m := range e.out.Messages {
		if slices.ContainsFunc(m.Content, func(b block) bool { return b.ToolUse != nil || b.ToolResult != nil }) {
			return refused("tool_choice", `Bedrock has no "none" after a tool was called; use "auto"`)
		}
	}
	return nil
}

// schemaOf returns the schema of a tool's input, which Converse wants to be of an object.
func schemaOf(parameters json.RawMessage) json.RawMessage {
	schema := gjson.ParseBytes(parameters)
	switch {
	case len(parameters) == 0 || schema.Type == gjson.Null:
		return json.RawMessage(`{"type":"object","properties":{}}`)
	case schema.IsObject() && !schema.Get("type").Exists():
		if typed, err := sjson.SetBytes(slices.Clone(parameters), "type", "object"); err == nil {
			return typed
		}
	}
	return parameters
}

func choiceOf(c *schemas.ToolChoice) (choice *toolChoice, none bool, err error) {
	switch {
	case c == nil:
		return nil, false, nil
	case c.Function != "":
		return &toolChoice{Tool: &toolByName{Name: c.Function}}, false, nil
	}
	switch c.Mode {
	case "auto", "":
		return &toolChoice{Auto: &struct{}{}}, false, nil
	case "required":
		return &toolChoice{Any: &struct{}{}}, false, nil
	case "none":
		return nil, true, nil
	}
	return nil, false, dialect.BadRequest(`tool_choice must be "none", "auto" or "required", or name a function; correct it`)
}

// responseFormat asks for an answer by a schema.
func (e *chatEncoder) responseFormat() error {
	f := e.req.ResponseFormat
	if f == nil {
		return nil
	}
	switch f.Type {
	case "text", "":
		return nil
	case "json_schema":
	default:
		return refused("response_format", "Bedrock knows json_schema only; send the schema of the answer")
	}
	schema := gjson.GetBytes(f.JSONSchema, "schema")
	if !schema.IsObject() {
		return dialect.BadRequest("response_format.json_schema.schema is not a json object; send the schema of the answer")
	}
	e.out.OutputConfig = &outputConfig{TextFormat: &textFormat{Type: "json_schema", Structure: structure{JSONSchema: jsonSchema{
		Schema: schema.Raw, Name: gjson.GetBytes(f.JSONSchema, "name").String(),
		Description: gjson.GetBytes(f.JSONSchema, "description").String()}}}}
	return nil
}

// pointOf returns the cache point that a marker stands for.
func pointOf(c *schemas.CacheControl) *cachePoint { return &cachePoint{Type: "default", TTL: c.TTL} }

// isClaude reports whether a model is one of Anthropic's, as far as its id tells: that
// of an application inference profile does not.
func isClaude(model string) bool {
	return strings.Contains(model, "anthropic.") || strings.Contains(model, "claude")
}
