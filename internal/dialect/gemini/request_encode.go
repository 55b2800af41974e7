package gemini

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
	req        *schemas.ChatRequest
	model      string
	out        requestWire
	generation generationWire
	dropped    []string
	// extra has the fields of the dialect that have no canonical form, moreGeneration
	// those of its generationConfig.
	extra, moreGeneration map[string]json.RawMessage
	// names are those of the calls so far, by id.
	names map[string]string
}

// EncodeRequest writes req for model. req is not modified. dropped names what was left
// out.
func EncodeRequest(req *schemas.ChatRequest, model string) (body []byte, dropped []string, err error) {
	e, err := encoded(req, model)
	if err != nil {
		return nil, nil, err
	}
	e.thinking()
	e.sampling()
	generation, err := marshal(&e.generation)
	if err != nil {
		return nil, nil, err
	}
	if generation, err = merge(generation, e.moreGeneration); err != nil {
		return nil, nil, err
	}
	out := struct {
		*requestWire
		GenerationConfig json.RawMessage `json:"generationConfig,omitempty"`
	}{requestWire: &e.out}
	if string(generation) != "{}" {
		out.GenerationConfig = generation
	}
	if body, err = marshal(&out); err != nil {
		return nil, nil, err
	}
	if body, err = dialect.Merge(body, e.extra); err != nil {
		return nil, nil, err
	}
	return body, e.named(), nil
}

// EncodeCount writes a request for the count of req's tokens: without what only steers
// the answer.
func EncodeCount(req *schemas.ChatRequest, model string) (body []byte, dropped []string, err error) {
	e, err := encoded(req, model)
	if err != nil {
		return nil, nil, err
	}
	type named struct {
		Model string `json:"model"`
		*requestWire
	}
	body, err = marshal(struct {
		Request named `json:"generateContentRequest"`
	}{named{nameOf(model), &e.out}})
	return body, e.named(), err
}

// encoded writes what both a request for an answer and one for a count have.
func encoded(req *schemas.ChatRequest, model string) (*encoder, error) {
	e := &encoder{req: req, model: model, names: map[string]string{}}
	for _, step := range []func() error{e.refuse, e.messages, e.tools, e.format, e.extras} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func marshal(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, dialect.BadRequest("the chat request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	return body, nil
}

// merge adds fields to an object that may be empty.
func merge(body []byte, extra map[string]json.RawMessage) ([]byte, error) {
	if string(body) != "{}" || len(extra) == 0 {
		return dialect.Merge(body, extra)
	}
	return marshal(extra)
}

// drop names a field that is left out.
func (e *encoder) drop(field string) { e.dropped = append(e.dropped, field) }

// named returns the names of what was left out, once each.
func (e *encoder) named() []string {
	slices.Sort(e.dropped)
	return slices.Compact(e.dropped)
}

// cannot is the error for what the dialect has not and the caller relies on.
func cannot(field, instead string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: field + " cannot be carried in Gemini's dialect; " + instead}
}

// refuse returns an error for a field that asks for an answer of another form.
func (e *encoder) refuse() error {
	for _, name := range []string{"functions", "function_call", "audio", "web_search_options"} {
		if dialect.Present(e.req.Extra[name]) {
			return cannot(name, "leave it out, or use tools")
		}
	}
	return nil
}

// sampling writes what steers the answer's words and its length.
func (e *encoder) sampling() {
	r, g := e.req, &e.generation
	g.Temperature, g.TopP, g.Seed = r.Temperature, r.TopP, r.Seed
	g.PresencePenalty, g.FrequencyPenalty = r.PresencePenalty, r.FrequencyPenalty
	g.StopSequences = many[string](r.Stop)
	if r.TopK != nil {
		k := float64(*r.TopK)
		g.TopK = &k
	}
	if r.N != nil && *r.N > 1 {
		g.CandidateCount = r.N
	}
	if wantsLogprobs(r) {
		g.ResponseLogprobs, g.Logprobs = r.Logprobs, r.TopLogprobs
	}
	g.MaxOutputTokens = r.MaxCompletionTokens
	if g.MaxOutputTokens == nil {
		g.MaxOutputTokens = r.MaxTokens
	}
	if r.User != "" {
		e.drop("user")
	}
}

// tools writes the functions and how they are to be called.
func (e *encoder) tools() error {
	var functions []functionWire
	for i, t := range e.req.Tools {
		if t.Type != "" && t.Type != "function" {
			return cannot(fmt.Sprintf("the tool tools[%d], which is no function,", i), "use a function, or a provider that has it")
		}
		if t.Function.Strict != nil && *t.Function.Strict {
			e.drop("tools.function.strict")
		}
		if t.CacheControl != nil {
			e.drop("tools.cache_control")
		}
		f := functionWire{Name: t.Function.Name, Description: t.Function.Description}
		if dialect.Present(t.Function.Parameters) {
			f.JSONSchema = t.Function.Parameters
		}
		functions = append(functions, f)
	}
	if len(functions) > 0 {
		e.out.Tools = many[toolWire]{{Functions: functions}}
	}
	if p := e.req.ParallelToolCalls; p != nil && !*p && len(functions) > 0 {
		e.drop("parallel_tool_calls")
	}
	return e.toolChoice(len(functions) > 0)
}

func (e *encoder) toolChoice(functions bool) error {
	c := e.req.ToolChoice
	if c == nil || !functions && c.Function == "" && c.Mode != "required" {
		return nil
	}
	var calling callingWire
	switch {
	case c.Function != "":
		calling = callingWire{Mode: modeAny, Names: []string{c.Function}}
	case c.Mode == "required":
		calling.Mode = modeAny
	case c.Mode == "auto":
		calling.Mode = modeAuto
	case c.Mode == "none":
		calling.Mode = modeNone
	default:
		return dialect.BadRequest(`tool_choice must be "auto", "none", "required" or name a function; correct it`)
	}
	e.out.ToolConfig = &toolConfigWire{FunctionCalling: &calling}
	return nil
}

// mimeJSON is the type of an answer that is JSON.
const mimeJSON = "application/json"

// format writes the form of the answer.
func (e *encoder) format() error {
	f := e.req.ResponseFormat
	switch {
	case f == nil || f.Type == "text":
		return nil
	case f.Type == "json_object":
		e.generation.ResponseMimeType = mimeJSON
		return nil
	case f.Type != "json_schema":
		return cannot("response_format."+f.Type, "use json_schema")
	}
	schema := gjson.GetBytes(f.JSONSchema, "schema")
	if !schema.IsObject() {
		return dialect.BadRequest("response_format.json_schema.schema is missing; add the schema of the answer")
	}
	e.generation.ResponseMimeType, e.generation.ResponseJSONSchema = mimeJSON, json.RawMessage(schema.Raw)
	for _, name := range []string{"name", "description"} {
		if gjson.GetBytes(f.JSONSchema, name).Exists() {
			e.drop("response_format.json_schema." + name)
		}
	}
	return nil
}

// ownExtras are the fields of the dialect that have no canonical form.
var ownExtras = []string{"safetySettings", "safety_settings", "cachedContent", "cached_content", "labels", "serviceTier", "store"}

// extras sends the caller's further fields if they are the dialect's own: any other
// would be refused.
func (e *encoder) extras() error {
	for _, name := range slices.Sorted(maps.Keys(e.req.Extra)) {
		value := e.req.Extra[name]
		switch {
		case camel(name) == "generationConfig":
			if json.Unmarshal(value, &e.moreGeneration) != nil {
				return dialect.BadRequest(name + " is not a json object; correct it")
			}
		case slices.Contains(ownExtras, name):
			if e.extra == nil {
				e.extra = map[string]json.RawMessage{}
			}
			e.extra[name] = value
		default:
			e.drop(name)
		}
	}
	return nil
}
