package anthropic

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// encoder writes one request.
type encoder struct {
	req     *schemas.ChatRequest
	out     requestWire
	dropped []string
	rest    []blockWire // of the last message, after the results of tools
	// extra has the fields of the dialect that have no canonical form.
	extra map[string]json.RawMessage
}

// EncodeRequest writes req for op and model; an empty model means req.Model. req is
// not modified. dropped names what was left out.
func EncodeRequest(req *schemas.ChatRequest, model string, op schemas.Operation) (body []byte, dropped []string, err error) {
	if model == "" {
		model = req.Model
	}
	e := &encoder{req: req, out: requestWire{Model: model, Stream: op == schemas.OperationChatStream}}
	for _, step := range []func() error{e.refuse, e.messages, e.tools, e.format, e.extras} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	e.thinking()
	if op != schemas.OperationCountTokens {
		e.sampling()
	}
	body, err = json.Marshal(&e.out)
	if err != nil {
		return nil, nil, dialect.BadRequest("the chat request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	body, err = dialect.Merge(body, e.extra)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(e.dropped)
	return body, slices.Compact(e.dropped), nil
}

// drop names a field that is left out.
func (e *encoder) drop(field string) { e.dropped = append(e.dropped, field) }

// cannot is the error for what the dialect has not and the caller relies on.
func cannot(field, instead string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: field + " cannot be carried in Anthropic's dialect; " + instead}
}

// refuse returns an error for a field that asks for an answer of another form.
func (e *encoder) refuse() error {
	r := e.req
	switch {
	case r.N != nil && *r.N > 1:
		return cannot("n > 1", "make a call for each answer")
	case r.Logprobs != nil && *r.Logprobs, r.TopLogprobs != nil && *r.TopLogprobs > 0:
		return cannot("logprobs", "leave it out, or use a provider that has it")
	}
	for _, name := range []string{"functions", "function_call", "audio", "web_search_options"} {
		if dialect.Present(r.Extra[name]) {
			return cannot(name, "leave it out, or use tools")
		}
	}
	return nil
}

// sampling writes what steers the answer's words and its length.
func (e *encoder) sampling() {
	r := e.req
	e.out.Temperature, e.out.TopP, e.out.TopK = r.Temperature, r.TopP, r.TopK
	if e.thinks() {
		e.withoutSampling()
	}
	e.out.StopSequences = r.Stop
	if r.User != "" {
		e.out.Metadata = &metadataWire{UserID: r.User}
	}
	if r.FrequencyPenalty != nil && *r.FrequencyPenalty != 0 {
		e.drop("frequency_penalty")
	}
	if r.PresencePenalty != nil && *r.PresencePenalty != 0 {
		e.drop("presence_penalty")
	}
	if r.Seed != nil {
		e.drop("seed")
	}
	e.out.MaxTokens = e.limit()
	if e.out.MaxTokens == nil {
		most := DefaultMaxTokens
		if e.out.Thinking != nil {
			most += e.out.Thinking.Budget
		}
		e.out.MaxTokens = &most
	}
}

// limit returns the most tokens that the caller allows, or nil.
func (e *encoder) limit() *int {
	if e.req.MaxCompletionTokens != nil {
		return e.req.MaxCompletionTokens
	}
	return e.req.MaxTokens
}

// tools writes the functions and how they are to be called.
func (e *encoder) tools() error {
	for i, t := range e.req.Tools {
		if t.Type != "" && t.Type != "function" {
			return cannot(fmt.Sprintf("the tool tools[%d], which is no function,", i), "use a function, or a provider that has it")
		}
		schema := t.Function.Parameters
		if !dialect.Present(schema) {
			schema = json.RawMessage(`{"type":"object","properties":{}}`)
		}
		e.out.Tools = append(e.out.Tools, toolWire{Name: t.Function.Name, Description: t.Function.Description,
			InputSchema: schema, Strict: t.Function.Strict, CacheControl: t.CacheControl})
	}
	if len(e.out.Tools) == 0 {
		if c := e.req.ToolChoice; c == nil || c.Function == "" && c.Mode != "required" {
			return nil // the dialect refuses a choice of nothing
		}
	}
	choice, err := toolChoice(e.req.ToolChoice)
	if err != nil {
		return err
	}
	if p := e.req.ParallelToolCalls; p != nil && !*p && (choice == nil || choice.Type != "none") {
		if choice == nil {
			choice = &toolChoiceWire{Type: "auto"}
		}
		choice.OneAtMax = true
	}
	e.out.ToolChoice = choice
	return nil
}

func toolChoice(c *schemas.ToolChoice) (*toolChoiceWire, error) {
	switch {
	case c == nil:
		return nil, nil
	case c.Function != "":
		return &toolChoiceWire{Type: "tool", Name: c.Function}, nil
	case c.Mode == "required":
		return &toolChoiceWire{Type: "any"}, nil
	case c.Mode == "auto", c.Mode == "none":
		return &toolChoiceWire{Type: c.Mode}, nil
	}
	return nil, dialect.BadRequest(`tool_choice must be "auto", "none", "required" or name a function; correct it`)
}

// format writes the form of the answer.
func (e *encoder) format() error {
	f := e.req.ResponseFormat
	switch {
	case f == nil || f.Type == "text":
		return nil
	case f.Type != "json_schema":
		return cannot("response_format."+f.Type, "use json_schema")
	}
	schema := gjson.GetBytes(f.JSONSchema, "schema")
	if !schema.IsObject() {
		return dialect.BadRequest("response_format.json_schema.schema is missing; add the schema of the answer")
	}
	e.out.OutputConfig = &outputWire{Format: &formatWire{Type: "json_schema", Schema: json.RawMessage(schema.Raw)}}
	gjson.ParseBytes(f.JSONSchema).ForEach(func(name, _ gjson.Result) bool {
		if n := name.String(); n == "name" || n == "description" {
			e.drop("response_format.json_schema." + n)
		}
		return true
	})
	return nil
}

// ownExtras are the fields of the dialect that have no canonical form.
var ownExtras = []string{"cache_control", "container", "context_management", "inference_geo", "mcp_servers",
	"output_config", "thinking", "user_profile_id"}

// extras sends the caller's further fields if they are the dialect's own: any other
// would be refused.
func (e *encoder) extras() error {
	for _, name := range slices.Sorted(maps.Keys(e.req.Extra)) {
		tier := gjson.ParseBytes(e.req.Extra[name]).String()
		if !slices.Contains(ownExtras, name) && (name != "service_tier" || tier != "auto" && tier != "standard_only") {
			e.drop(name)
			continue
		}
		if e.extra == nil {
			e.extra = map[string]json.RawMessage{}
		}
		e.extra[name] = e.req.Extra[name]
	}
	return nil
}
