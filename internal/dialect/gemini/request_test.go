package gemini

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

// request returns a chat request from JSON, with a message of the user if it has none.
func request(t *testing.T, text string) *schemas.ChatRequest {
	t.Helper()
	req := &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
	if err := json.Unmarshal([]byte(text), req); err != nil {
		t.Fatal(err)
	}
	return req
}

func TestWhatTheDialectCannotCarryIsDroppedOrRefused(t *testing.T) {
	extra := func(name, value string) func(*schemas.ChatRequest) {
		return func(r *schemas.ChatRequest) {
			r.Extra = map[string]json.RawMessage{name: json.RawMessage(value)}
		}
	}
	for name, c := range map[string]struct {
		req     string
		change  func(*schemas.ChatRequest)
		dropped string
		refused string
	}{
		"nothing":             {req: `{"temperature":1}`},
		"user":                {req: `{"user":"u"}`, dropped: "user"},
		"one call at a time":  {req: `{"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false}`, dropped: "parallel_tool_calls"},
		"a strict tool":       {req: `{"tools":[{"type":"function","function":{"name":"f","strict":true}}]}`, dropped: "tools.function.strict"},
		"a cached tool":       {req: `{"tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]}`, dropped: "tools.cache_control"},
		"a name":              {req: `{"messages":[{"role":"user","content":"hi","name":"n"}]}`, dropped: "messages.name"},
		"a late instruction":  {req: `{"messages":[{"role":"user","content":"hi"},{"role":"system","content":"s"}]}`, dropped: "messages.role"},
		"plain reasoning":     {req: `{"messages":[{"role":"assistant","content":"a","reasoning_content":"r"}]}`, dropped: "messages.reasoning_content"},
		"another's reasoning": {req: `{"messages":[{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"t","signature":"s","format":"anthropic-claude-v1"}]}]}`, dropped: "messages.reasoning_details"},
		"an image's detail":   {req: `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/a.png","detail":"high"}}]}]}`, dropped: "messages.content.image_url.detail"},
		"a file's name":       {req: `{"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,aa","filename":"a.pdf"}}]}]}`, dropped: "messages.content.file.filename"},
		"a cached part":       {req: `{"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]}`, dropped: "messages.content.cache_control"},
		"a schema's name":     {req: `{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}}`, dropped: "response_format.json_schema.name"},
		"an unknown field":    {req: `{}`, change: extra("metadata", `{}`), dropped: "metadata"},
		"safety settings":     {req: `{}`, change: extra("safetySettings", `[]`)},
		"a cached content":    {req: `{}`, change: extra("cachedContent", `"cachedContents/x"`)},

		"tools of another kind":  {req: `{"tools":[{"type":"web_search"}]}`, refused: "tools[0]"},
		"old functions":          {req: `{}`, change: extra("functions", `[{"name":"f"}]`), refused: "functions"},
		"spoken answers":         {req: `{}`, change: extra("audio", `{"voice":"a"}`), refused: "audio"},
		"another format":         {req: `{"response_format":{"type":"grammar"}}`, refused: "response_format.grammar"},
		"an instruction's image": {req: `{"messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x"}}]},{"role":"user","content":"hi"}]}`, refused: "messages[0]"},
	} {
		req := request(t, c.req)
		if c.change != nil {
			c.change(req)
		}
		_, dropped, err := EncodeRequest(req, "gemini-2.5-flash")
		if c.refused != "" {
			if !errors.Is(err, schemas.ErrUnsupportedOperation) || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil || strings.Join(dropped, " ") != c.dropped {
			t.Errorf("%s: dropped %v, %v", name, dropped, err)
		}
	}
}

func TestABadRequestIsRefusedWithItsField(t *testing.T) {
	for says, text := range map[string]string{
		"messages[0].role":                      `{"messages":[{"role":"nobody","content":"a"}]}`,
		"message of the user":                   `{"messages":[{"role":"system","content":"a"}]}`,
		"messages[0].tool_calls[0].function":    `{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"["}}]}]}`,
		"messages[0].tool_call_id":              `{"messages":[{"role":"tool","content":"a","tool_call_id":"x"}]}`,
		"messages[0].content[0].image_url.url":  `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]}`,
		"messages[0].content[0].file.file_data": `{"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"aa"}}]}]}`,
		"messages[0].content[0].input_audio":    `{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"aa"}}]}]}`,
		"messages[0].content[0] has no type":    `{"messages":[{"role":"user","content":[{"type":"smell"}]}]}`,
		"tool_choice":                           `{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"maybe"}`,
		"json_schema.schema":                    `{"response_format":{"type":"json_schema","json_schema":{"name":"n"}}}`,
	} {
		if _, _, err := EncodeRequest(request(t, text), "m"); !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: got %v", says, err)
		}
	}
}

func TestTheFormsOfToolChoiceAndFormat(t *testing.T) {
	const tools = `"tools":[{"type":"function","function":{"name":"f"}}]`
	for text, want := range map[string]string{
		`{` + tools + `,"tool_choice":"auto"}`:                                      `{"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}}`,
		`{` + tools + `,"tool_choice":"none"}`:                                      `{"toolConfig":{"functionCallingConfig":{"mode":"NONE"}}}`,
		`{` + tools + `,"tool_choice":"required"}`:                                  `{"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}`,
		`{` + tools + `,"tool_choice":{"type":"function","function":{"name":"f"}}}`: `{"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}}`,
		`{"tool_choice":"auto"}`:                                                    `{}`, // of nothing
		`{"response_format":{"type":"json_object"}}`:                                `{"generationConfig":{"responseMimeType":"application/json"}}`,
		`{"response_format":{"type":"text"},"n":1}`:                                 `{}`,
		`{"max_tokens":5,"logprobs":false}`:                                         `{"generationConfig":{"maxOutputTokens":5}}`,
		`{"max_tokens":5,"max_completion_tokens":6}`:                                `{"generationConfig":{"maxOutputTokens":6}}`,
		`{"logprobs":true,"top_logprobs":2,"top_k":40}`:                             `{"generationConfig":{"responseLogprobs":true,"logprobs":2,"topK":40}}`,
	} {
		body, _, err := EncodeRequest(request(t, text), "m")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal(body, &all); err != nil {
			t.Fatal(err)
		}
		delete(all, "contents")
		delete(all, "tools")
		dialecttest.SameJSON(t, dialecttest.JSON(t, all), []byte(want))
	}
}

func TestFurtherGenerationConfigIsSentAndReplacesNothing(t *testing.T) {
	req := request(t, `{"temperature":0.5}`)
	req.Extra = map[string]json.RawMessage{"generationConfig": json.RawMessage(`{"temperature":1,"mediaResolution":"MEDIA_RESOLUTION_LOW"}`)}
	body, dropped, err := EncodeRequest(req, "m")
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, []byte(gjson.GetBytes(body, "generationConfig").Raw), []byte(`{"temperature":0.5,"mediaResolution":"MEDIA_RESOLUTION_LOW"}`))
	req = request(t, `{}`)
	req.Extra = map[string]json.RawMessage{"generationConfig": json.RawMessage(`{"mediaResolution":"MEDIA_RESOLUTION_LOW"}`)}
	if body, _, err = EncodeRequest(req, "m"); err != nil || gjson.GetBytes(body, "generationConfig.mediaResolution").String() != "MEDIA_RESOLUTION_LOW" {
		t.Fatalf("alone: got %s, %v", body, err)
	}
	req.Extra["generationConfig"] = json.RawMessage(`[]`)
	if _, _, err = EncodeRequest(req, "m"); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Fatalf("got %v", err)
	}
}

func TestThinkingIsWrittenAsTheModelKnowsIt(t *testing.T) {
	off, budget, hidden := &schemas.Thinking{Off: true}, &schemas.Thinking{Budget: 99}, &schemas.Thinking{Hidden: true}
	for _, c := range []struct {
		model    string
		effort   string
		thinking *schemas.Thinking
		want     string
		dropped  bool
	}{
		{"gemini-2.5-flash", "", nil, ``, false},
		{"gemini-2.5-flash", "low", nil, `{"includeThoughts":true,"thinkingBudget":1024}`, false},
		{"gemini-2.5-flash", "high", hidden, `{"thinkingBudget":24576}`, false},
		{"gemini-2.5-flash", "none", nil, `{"thinkingBudget":0}`, false},
		{"gemini-2.5-flash", "much", nil, `{"includeThoughts":true}`, true},
		{"gemini-2.5-pro", "", off, `{"thinkingBudget":128}`, false},
		{"gemini-2.5-pro", "low", budget, `{"includeThoughts":true,"thinkingBudget":99}`, true},
		{"gemini-3-flash-preview", "minimal", nil, `{"includeThoughts":true,"thinkingLevel":"MINIMAL"}`, false},
		{"gemini-3-flash-preview", "none", nil, `{"thinkingLevel":"MINIMAL"}`, false},
		{"gemini-3-flash-preview", "medium", nil, `{"includeThoughts":true,"thinkingLevel":"MEDIUM"}`, false},
		{"gemini-3-flash-preview", "", budget, `{"includeThoughts":true,"thinkingBudget":99}`, false},
		{"gemini-3-pro-preview", "medium", nil, `{"includeThoughts":true,"thinkingLevel":"HIGH"}`, false},
		{"gemini-3.1-pro-preview", "medium", nil, `{"includeThoughts":true,"thinkingLevel":"MEDIUM"}`, false},
		{"gemini-3.1-pro-preview", "", off, `{"thinkingLevel":"LOW"}`, false},
		{"gemini-flash-latest", "xhigh", nil, `{"includeThoughts":true,"thinkingLevel":"HIGH"}`, false},
		{"gemini-2.0-flash", "high", nil, ``, true},
		{"gemini-2.0-flash", "none", nil, ``, false},
		{"gemini-pro-latest", "low", nil, `{"includeThoughts":true,"thinkingLevel":"LOW"}`, false},
		{"gemma-3-27b-it", "", budget, ``, false},
	} {
		req := request(t, `{}`)
		req.ReasoningEffort, req.Thinking = c.effort, c.thinking
		body, dropped, err := EncodeRequest(req, c.model)
		if err != nil {
			t.Fatal(err)
		}
		got := gjson.GetBytes(body, "generationConfig.thinkingConfig").Raw
		if (got == "") != (c.want == "") || slices.Contains(dropped, "reasoning_effort") != c.dropped {
			t.Errorf("%+v: got %s, dropped %v", c, got, dropped)
			continue
		}
		if got != "" {
			dialecttest.SameJSON(t, []byte(got), []byte(c.want))
		}
	}
}

func TestThinkingIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]struct {
		thinking *schemas.Thinking
		effort   string
		visible  bool
	}{
		`{}`:                          {&schemas.Thinking{Hidden: true}, "", false},
		`{"includeThoughts":true}`:    {&schemas.Thinking{}, "", true},
		`{"thinkingBudget":0}`:        {&schemas.Thinking{Off: true}, "", false},
		`{"thinkingBudget":-1}`:       {&schemas.Thinking{Hidden: true}, "", false},
		`{"thinkingLevel":"MINIMAL"}`: {&schemas.Thinking{Hidden: true}, "minimal", false},
		`{"thinking_level":"high","include_thoughts":true}`: {&schemas.Thinking{}, "high", true},
	} {
		got, visible, err := DecodeRequest([]byte(`{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":`+text+`}}`), "m")
		if err != nil || !reflect.DeepEqual(got.Thinking, want.thinking) || got.ReasoningEffort != want.effort || visible != want.visible {
			t.Errorf("%s: got %+v, %q, %v, %v", text, got.Thinking, got.ReasoningEffort, visible, err)
		}
	}
}

// Gemini 3 refuses a function call without a signature; of parallel calls the first has it.
func TestACallOfAnotherModelHasASignatureThatStandsForNone(t *testing.T) {
	const call = `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[
		{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]%s},
		{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}]}`
	signed := `,"reasoning_details":[{"type":"reasoning.encrypted","data":"own","id":"a","format":"google-gemini-v1"}]`
	moved := `,"reasoning_details":[{"type":"reasoning.encrypted","data":"own","id":"gone","format":"google-gemini-v1"}]`
	for _, c := range []struct{ model, details, want string }{
		{"gemini-3-pro-preview", "", noSignature}, {"gemini-3.1-flash", "", noSignature}, {"gemini-flash-latest", "", noSignature},
		{"gemini-2.5-flash", "", ""}, {"gemini-3-pro-preview", signed, "own"}, {"gemini-3-pro-preview", moved, "own"}, {"gemini-2.5-flash", signed, "own"},
	} {
		body, _, err := EncodeRequest(request(t, strings.Replace(call, "%s", c.details, 1)), c.model)
		if err != nil {
			t.Fatal(err)
		}
		parts := gjson.GetBytes(body, "contents.1.parts")
		if parts.Get("0.thoughtSignature").String() != c.want || parts.Get("1.thoughtSignature").Exists() {
			t.Errorf("%+v: got %s", c, parts.Raw)
		}
		if n := gjson.GetBytes(body, "contents.#").Int(); n != 3 {
			t.Errorf("%+v: the results are not in one content: %s", c, body)
		}
	}
	// A client of the dialect that sends it means no signature.
	for _, none := range []string{noSignature, "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=", earlierNoSignature} {
		got, _, err := DecodeRequest([]byte(`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"`+none+`"}]}]}`), "m")
		if err != nil || len(got.Messages[0].ReasoningDetails) > 0 {
			t.Errorf("got %s, %v", dialecttest.JSON(t, got), err)
		}
	}
}

// What Gemini gave no id has none when it is sent back.
func TestMintedIDsAreNotSent(t *testing.T) {
	resp, err := DecodeResponse(dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	m := resp.Choices[0].Message
	req := &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi"), m,
		{Role: "tool", ToolCallID: m.ToolCalls[0].ID, Content: schemas.TextContent(`{"deg":3}`)},
		{Role: "tool", ToolCallID: m.ToolCalls[1].ID, Content: schemas.TextContent("warm")}}}
	body, _, err := EncodeRequest(req, "gemini-2.5-flash")
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, []byte(gjson.GetBytes(body, "contents.1").Raw), []byte(`{"role":"model","parts":[{"text":"Let me look."},
		{"functionCall":{"name":"weather","args":{"city":"Oslo"}},"thoughtSignature":"c2lnLWE="},{"functionCall":{"id":"own","name":"weather","args":{"city":"Rome"}}}]}`))
	dialecttest.SameJSON(t, []byte(gjson.GetBytes(body, "contents.2").Raw), []byte(`{"role":"user","parts":[{"functionResponse":{"name":"weather","response":{"deg":3}}},
		{"functionResponse":{"id":"own","name":"weather","response":{"output":"warm"}}}]}`))
}

func TestAToolsResultMayHaveMedia(t *testing.T) {
	req := request(t, `{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]},
		{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aW1n"}}]}]}`)
	body, _, err := EncodeRequest(req, "m")
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, []byte(gjson.GetBytes(body, "contents.1.parts.0").Raw),
		[]byte(`{"functionResponse":{"id":"a","name":"f","response":{"output":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"aW1n"}}]}}`))
	got, _, err := DecodeRequest(body, "m")
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, got.Messages[1]), dialecttest.JSON(t, req.Messages[1]))
}

func TestACallersRequestThatHasNoCanonicalFormIsRefused(t *testing.T) {
	const hi = `"contents":[{"parts":[{"text":"hi"}]}]`
	for says, c := range map[string]struct {
		body string
		kind schemas.ErrorKind
	}{
		"cachedContent":       {`{` + hi + `,"cachedContent":"cachedContents/a"}`, schemas.KindUnsupportedOperation},
		"cached_content":      {`{` + hi + `,"cached_content":"cachedContents/a"}`, schemas.KindUnsupportedOperation},
		"tools[1]":            {`{` + hi + `,"tools":[{"functionDeclarations":[]},{"googleSearch":{}}]}`, schemas.KindUnsupportedOperation},
		"responseModalities":  {`{` + hi + `,"generationConfig":{"responseModalities":["TEXT","IMAGE"]}}`, schemas.KindUnsupportedOperation},
		"responseMimeType of": {`{` + hi + `,"generationConfig":{"responseMimeType":"text/x.enum"}}`, schemas.KindUnsupportedOperation},
		"videoMetadata":       {`{"contents":[{"parts":[{"text":"a"},{"fileData":{"fileUri":"https://x/a.mp4"},"videoMetadata":{"fps":1}}]}]}`, schemas.KindUnsupportedOperation},
		"contents[0].parts[0]: a part of this kind": {`{"contents":[{"role":"model","parts":[{"executableCode":{"code":"x"}}]}]}`, schemas.KindUnsupportedOperation},

		"is not a json object":        {`[]`, schemas.KindInvalidRequest},
		"contents is missing":         {`{}`, schemas.KindInvalidRequest},
		"contents[0].role":            {`{"contents":[{"role":"nobody","parts":[{"text":"a"}]}]}`, schemas.KindInvalidRequest},
		"functionResponse answers no": {`{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]}`, schemas.KindInvalidRequest},
		"inlineData.mimeType":         {`{"contents":[{"parts":[{"text":"a"},{"inlineData":{"data":"aa"}}]}]}`, schemas.KindInvalidRequest},
		"mode must be":                {`{` + hi + `,"toolConfig":{"functionCallingConfig":{"mode":"SOMETIMES"}}}`, schemas.KindInvalidRequest},
		"thinkingLevel must be":       {`{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingLevel":"ALL"}}}`, schemas.KindInvalidRequest},
		"responseMimeType must be":    {`{` + hi + `,"generationConfig":{"responseSchema":{"type":"OBJECT"}}}`, schemas.KindInvalidRequest},
		"topK is too large":           {`{` + hi + `,"generationConfig":{"topK":1e300}}`, schemas.KindInvalidRequest},
		"has the wrong type":          {`{"contents":[{"parts":[{"text":7}]}]}`, schemas.KindInvalidRequest},
	} {
		_, _, err := DecodeRequest([]byte(c.body), "m")
		if !errors.Is(err, &schemas.Error{Kind: c.kind}) || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: got %v", says, err)
		}
	}
}

func TestFunctionsMayBeCalledAsTheModeSays(t *testing.T) {
	for config, want := range map[string]string{
		`{"mode":"AUTO"}`:                                   `"auto" a b`,
		`{"mode":"VALIDATED"}`:                              `"auto" a b`,
		`{"mode":"NONE","allowedFunctionNames":["a"]}`:      `"none" a b`,
		`{"mode":"ANY"}`:                                    `"required" a b`,
		`{"mode":"ANY","allowedFunctionNames":["b"]}`:       `{"type":"function","function":{"name":"b"}} a b`,
		`{"mode":"ANY","allowedFunctionNames":["b","c"]}`:   `"required" b`,
		`{"mode":"VALIDATED","allowedFunctionNames":["a"]}`: `"auto" a`,
		`{}`: `null a b`,
	} {
		got, _, err := DecodeRequest([]byte(`{"contents":[{"parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"a"}]},{"functionDeclarations":{"name":"b"}}],
			"toolConfig":{"functionCallingConfig":`+config+`}}`), "m")
		if err != nil {
			t.Fatal(err)
		}
		have := string(dialecttest.JSON(t, got.ToolChoice))
		for _, tool := range got.Tools {
			have += " " + tool.Function.Name
		}
		if have != want {
			t.Errorf("%s: got %s, want %s", config, have, want)
		}
	}
}

func TestASchemaOfOpenAPIsFormBecomesAJSONSchema(t *testing.T) {
	for given, want := range map[string]string{
		`{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true},"b":{"type":"ARRAY","items":{"type":"INTEGER"},"max_items":"3"}},"required":["a"],"propertyOrdering":["b","a"]}`: `{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":"array","items":{"type":"integer"},"maxItems":3}},"required":["a"]}`,
		`{"type":"STRING","format":"enum","enum":["x","y"],"nullable":true,"example":"x"}`:                                                                                                     `{"type":["string","null"],"enum":["x","y",null]}`,
		`{"anyOf":[{"type":"STRING"},{"type":"NUMBER"}],"nullable":true}`:                                                                                                                      `{"anyOf":[{"anyOf":[{"type":"string"},{"type":"number"}]},{"type":"null"}]}`,
		`{"type":"object","properties":{"nullable":{"type":"boolean"},"type":{"type":"string"}},"additionalProperties":false}`:                                                                 `{"type":"object","properties":{"nullable":{"type":"boolean"},"type":{"type":"string"}},"additionalProperties":false}`,
		`{"$ref":"#/$defs/a","$defs":{"a":{"type":"string","format":"date-time"}}}`:                                                                                                            `{"$ref":"#/$defs/a","$defs":{"a":{"type":"string","format":"date-time"}}}`,
		`{"ref":"#/defs/a","defs":{"a":{"type":"TYPE_UNSPECIFIED"}}}`:                                                                                                                          `{"$ref":"#/$defs/a","$defs":{"a":{}}}`,
	} {
		dialecttest.SameJSON(t, jsonSchema(json.RawMessage(given)), []byte(want))
	}
}
