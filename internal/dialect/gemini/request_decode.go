package gemini

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// known are the fields of a request. Those that requestWire has not are left out, or
// refused by refused.
var known = map[string]bool{"contents": true, "systemInstruction": true, "tools": true, "toolConfig": true, "generationConfig": true,
	"model": true, "safetySettings": true, "cachedContent": true, "labels": true, "serviceTier": true, "store": true}

// refused are the fields without which the answer is another one.
var refused = []string{"cachedContent"}

// DecodeRequest reads a request for model, and whether its caller wants to see what the
// model thinks. Unknown fields go to Extra.
func DecodeRequest(data []byte, model string) (req *schemas.ChatRequest, thoughts bool, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil || all == nil {
		return nil, false, dialect.BadRequest("the request's body is not a json object; send one with the fields of generateContent")
	}
	for name, v := range all {
		if slices.Contains(refused, camel(name)) && dialect.Present(v) {
			return nil, false, untranslatable(name)
		}
	}
	var in requestWire
	if err := json.Unmarshal(camelFields(data), &in); err != nil {
		return nil, false, badField(err)
	}
	switch {
	case model == "":
		return nil, false, dialect.BadRequest("the path names no model; write it as /models/{model}:generateContent")
	case len(in.Contents) == 0:
		return nil, false, dialect.BadRequest("the field contents is missing or empty; send at least one content")
	}
	req = &schemas.ChatRequest{Model: model, IncludeUsage: true}
	if req.Messages, err = decodeContents(&in); err != nil {
		return nil, false, err
	}
	if err := decodeTools(&in, req); err != nil {
		return nil, false, err
	}
	if g := in.GenerationConfig; g != nil {
		if thoughts, err = decodeGeneration(g, req); err != nil {
			return nil, false, err
		}
	}
	for name, v := range all {
		if !known[camel(name)] {
			if req.Extra == nil {
				req.Extra = map[string]json.RawMessage{}
			}
			req.Extra[name] = v
		}
	}
	return req, thoughts, nil
}

// untranslatable is the error for what no other dialect can carry.
func untranslatable(field string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: field + " is not translated to the provider's dialect; leave it out, or use a provider that speaks Gemini's"}
}

// badField says which field has the wrong type, without quoting its value.
func badField(err error) *schemas.Error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok && wrong.Field != "" {
		return dialect.BadRequest("the field " + wrong.Field + " has the wrong type; correct it")
	}
	return dialect.BadRequest("a field of the request has the wrong type; compare it with the description of generateContent")
}

// decodeGeneration reads what steers the answer.
func decodeGeneration(g *generationWire, req *schemas.ChatRequest) (thoughts bool, err error) {
	for _, m := range g.ResponseModalities {
		if m != "TEXT" {
			return false, untranslatable("generationConfig.responseModalities other than TEXT")
		}
	}
	req.Temperature, req.TopP, req.Seed = g.Temperature, g.TopP, g.Seed
	req.PresencePenalty, req.FrequencyPenalty = g.PresencePenalty, g.FrequencyPenalty
	req.N, req.MaxCompletionTokens = g.CandidateCount, g.MaxOutputTokens
	req.Logprobs, req.TopLogprobs = g.ResponseLogprobs, g.Logprobs
	if len(g.StopSequences) > 0 {
		req.Stop = schemas.Strings(g.StopSequences)
	}
	if g.TopK != nil {
		if math.Abs(*g.TopK) > 1<<30 {
			return false, dialect.BadRequest("generationConfig.topK is too large; correct it")
		}
		k := int(math.Round(*g.TopK))
		req.TopK = &k
	}
	if err := decodeFormat(g, req); err != nil {
		return false, err
	}
	return decodeThinking(g.ThinkingConfig, req)
}

// decodeFormat reads the form of the answer.
func decodeFormat(g *generationWire, req *schemas.ChatRequest) error {
	schema := g.ResponseJSONSchema
	switch {
	case dialect.Present(schema):
	case dialect.Present(g.EarlierJSONSchema):
		schema = g.EarlierJSONSchema
	case dialect.Present(g.ResponseSchema):
		schema = jsonSchema(g.ResponseSchema)
	default:
		schema = nil
	}
	switch g.ResponseMimeType {
	case "", "text/plain":
		if schema != nil {
			return dialect.BadRequest(`generationConfig.responseMimeType must be "application/json" beside a schema; correct it`)
		}
		return nil
	case mimeJSON:
	default:
		return untranslatable("generationConfig.responseMimeType of this value")
	}
	if schema == nil {
		req.ResponseFormat = &schemas.ResponseFormat{Type: "json_object"}
		return nil
	}
	named, err := json.Marshal(map[string]any{"name": "output", "schema": schema})
	if err != nil { // it was read as json
		panic("bug: " + err.Error())
	}
	req.ResponseFormat = &schemas.ResponseFormat{Type: "json_schema", JSONSchema: named}
	return nil
}

// decodeTools reads the functions and how they are to be called. Those that may not be
// called are left out.
func decodeTools(in *requestWire, req *schemas.ChatRequest) error {
	for i, t := range in.Tools {
		if t.own != "" {
			return untranslatable(fmt.Sprintf("tools[%d], a tool of Google's own,", i))
		}
		for _, f := range t.Functions {
			parameters := f.JSONSchema
			if !dialect.Present(parameters) && dialect.Present(f.Parameters) {
				parameters = jsonSchema(f.Parameters)
			}
			req.Tools = append(req.Tools, schemas.Tool{Type: "function",
				Function: schemas.ToolFunction{Name: f.Name, Description: f.Description, Parameters: parameters}})
		}
	}
	if in.ToolConfig == nil || in.ToolConfig.FunctionCalling == nil {
		return nil
	}
	return decodeCalling(in.ToolConfig.FunctionCalling, req)
}

func decodeCalling(c *callingWire, req *schemas.ChatRequest) error {
	switch c.Mode {
	case modeAny:
		req.ToolChoice = &schemas.ToolChoice{Mode: "required"}
		if len(c.Names) == 1 {
			req.ToolChoice = &schemas.ToolChoice{Function: c.Names[0]}
			return nil
		}
	case modeAuto, modeValidated:
		req.ToolChoice = &schemas.ToolChoice{Mode: "auto"}
	case modeNone:
		req.ToolChoice = &schemas.ToolChoice{Mode: "none"}
	case "", "MODE_UNSPECIFIED":
	default:
		return dialect.BadRequest(`toolConfig.functionCallingConfig.mode must be "AUTO", "ANY", "NONE" or "VALIDATED"; correct it`)
	}
	if len(c.Names) > 0 && c.Mode != modeNone {
		req.Tools = slices.DeleteFunc(req.Tools, func(t schemas.Tool) bool { return !slices.Contains(c.Names, t.Function.Name) })
	}
	return nil
}
