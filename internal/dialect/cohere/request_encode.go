package cohere

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// ownExtras are the fields of the dialect that have no canonical form: an Extra of their
// name is sent as it is.
var ownExtras = []string{"citation_options", "documents", "priority", "safety_mode", "strict_tools", "thinking"}

// refusedExtras are fields of OpenAI's dialect that ask for an answer of another form.
var refusedExtras = []string{"functions", "function_call", "audio", "web_search_options"}

// encoder writes one chat request.
type encoder struct {
	req     *schemas.ChatRequest
	out     requestWire
	extra   map[string]json.RawMessage
	dropped []string
}

// EncodeRequest writes req for model, which is not modified. dropped names what was left
// out.
func EncodeRequest(req *schemas.ChatRequest, model string, stream bool) (body []byte, dropped []string, err error) {
	e := &encoder{req: req, out: requestWire{Model: model, Stream: stream}, extra: map[string]json.RawMessage{}}
	for _, step := range []func() error{e.extras, e.messages, e.tools, e.format, e.sampling} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	e.thinking()
	if body, err = marshal(&e.out); err != nil {
		return nil, nil, err
	}
	if body, err = dialect.Merge(body, e.extra); err != nil {
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
		Message: field + " cannot be carried in Cohere's dialect; " + instead}
}

// extras sorts the caller's further fields. Documents are cited in the answer, and the
// canonical form has no place for it.
func (e *encoder) extras() error {
	for _, name := range slices.Sorted(maps.Keys(e.req.Extra)) {
		value := e.req.Extra[name]
		switch {
		case slices.Contains(ownExtras, name):
			e.extra[name] = value
		case !slices.Contains(refusedExtras, name):
			e.drop(name)
		case dialect.Present(value):
			return cannot(name, "leave it out, or use tools")
		}
	}
	if dialect.Present(e.extra["documents"]) {
		e.drop("message.citations")
	}
	return nil
}

// The bounds of p. A value beyond them, as the usual 1 of other dialects, is sent as the
// nearest that is taken.
const leastP, mostP = 0.01, 0.99

// sampling writes what steers the answer's words and its length.
func (e *encoder) sampling() error {
	r, out := e.req, &e.out
	if r.N != nil && *r.N > 1 {
		return cannot("n", "leave it out and ask more than once")
	}
	out.Temperature, out.K, out.Seed, out.StopSequences = r.Temperature, r.TopK, r.Seed, r.Stop
	out.FrequencyPenalty, out.PresencePenalty = r.FrequencyPenalty, r.PresencePenalty
	if r.TopP != nil {
		p := min(max(*r.TopP, leastP), mostP)
		out.P = &p
	}
	if out.MaxTokens = r.MaxCompletionTokens; out.MaxTokens == nil {
		out.MaxTokens = r.MaxTokens
	}
	if r.Logprobs != nil && *r.Logprobs {
		out.Logprobs = r.Logprobs
	}
	if r.TopLogprobs != nil && *r.TopLogprobs > 0 {
		e.drop("top_logprobs")
	}
	if r.User != "" {
		e.drop("user")
	}
	return nil
}

// noParameters is the schema of a function that takes none: the field is required.
const noParameters = `{"type":"object","properties":{}}`

// The choices of tools.
const (
	choiceRequired = "REQUIRED"
	choiceNone     = "NONE"
)

// tools writes the functions and how they are to be called.
func (e *encoder) tools() error {
	strict := 0
	for i, t := range e.req.Tools {
		if t.Type != "" && t.Type != typeFunction {
			return cannot(fmt.Sprintf("the tool tools[%d], which is no function,", i), "use a function, or a provider that has it")
		}
		if t.CacheControl != nil {
			e.drop("tools.cache_control")
		}
		if t.Function.Strict != nil && *t.Function.Strict {
			strict++
		}
		f := functionWire{Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters}
		if !dialect.Present(f.Parameters) {
			f.Parameters = json.RawMessage(noParameters)
		}
		e.out.Tools = append(e.out.Tools, toolWire{Type: typeFunction, Function: f})
	}
	if _, given := e.extra["strict_tools"]; !given && strict > 0 {
		e.strict(strict)
	}
	if p := e.req.ParallelToolCalls; p != nil && !*p && len(e.out.Tools) > 0 {
		e.drop("parallel_tool_calls")
	}
	return e.toolChoice()
}

// strict asks for calls that follow the schemas: of all tools, or of none, since the
// dialect knows no other.
func (e *encoder) strict(tools int) {
	if tools < len(e.out.Tools) {
		e.drop("tools.function.strict")
		return
	}
	all := true
	e.out.StrictTools = &all
}

// toolChoice writes the choice among the tools. The dialect cannot name a function: it
// is made the only one, and required.
func (e *encoder) toolChoice() error {
	c := e.req.ToolChoice
	switch {
	case c == nil:
	case c.Function != "":
		e.out.Tools = slices.DeleteFunc(e.out.Tools, func(t toolWire) bool { return t.Function.Name != c.Function })
		if len(e.out.Tools) == 0 {
			return dialect.BadRequest("tool_choice names a function that is not among tools; correct it")
		}
		e.out.ToolChoice = choiceRequired
	case c.Mode == "auto" || c.Mode == "":
	case c.Mode == "required" && len(e.out.Tools) == 0:
		return dialect.BadRequest("tool_choice requires a call, and there are no tools; add them")
	case c.Mode == "required":
		e.out.ToolChoice = choiceRequired
	case c.Mode == "none":
		if len(e.out.Tools) > 0 {
			e.out.ToolChoice = choiceNone
		}
	default:
		return dialect.BadRequest(`tool_choice must be "auto", "none", "required" or name a function; correct it`)
	}
	return nil
}

// format writes the form of the answer.
func (e *encoder) format() error {
	f := e.req.ResponseFormat
	switch {
	case f == nil || f.Type == "text":
		return nil
	case f.Type == "json_object":
		e.out.ResponseFormat = &formatWire{Type: "json_object"}
		return nil
	case f.Type != "json_schema":
		return cannot("response_format."+f.Type, "use json_schema")
	}
	schema := gjson.GetBytes(f.JSONSchema, "schema")
	if !schema.IsObject() {
		return dialect.BadRequest("response_format.json_schema.schema is missing; add the schema of the answer")
	}
	e.out.ResponseFormat = &formatWire{Type: "json_object", JSONSchema: json.RawMessage(schema.Raw)}
	for _, name := range []string{"name", "description"} {
		if gjson.GetBytes(f.JSONSchema, name).Exists() {
			e.drop("response_format.json_schema." + name)
		}
	}
	return nil
}
