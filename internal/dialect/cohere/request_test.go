package cohere

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestARequestIsWrittenAsDocumented(t *testing.T) {
	req := chatOf(t, string(dialecttest.Golden(t, "request_canonical.json")), `{"safety_mode":"STRICT"}`)
	req.Thinking = &schemas.Thinking{Budget: 2048}
	before := dialecttest.JSON(t, req)
	body, dropped, err := EncodeRequest(req, req.Model, false)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, body, dialecttest.Golden(t, "request.json"))
	dialecttest.SameJSON(t, dialecttest.JSON(t, req), before)
	if body, _, err = EncodeRequest(req, req.Model, true); err != nil || !gjson.GetBytes(body, "stream").Bool() {
		t.Fatalf("a stream is asked for with %s, %v", body, err)
	}
}

// ask is a request with one message of the user, and what follows it.
func ask(more string) string {
	return `{"model":"m","messages":[{"role":"user","content":"hi"}]` + more + `}`
}

const aTool = `,"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g","strict":true}}]`

func TestEachFieldIsWrittenByItsRule(t *testing.T) {
	said := func(message string) string { return `{"model":"m","messages":[` + message + `]}` }
	for name, c := range map[string]struct {
		req, extra string
		path, want string // what is sent
		dropped    []string
	}{
		"a choice of a function":       {req: ask(aTool + `,"tool_choice":{"type":"function","function":{"name":"g"}}`), path: `[tool_choice,tools.#.function.name,strict_tools]`, want: `["REQUIRED",["g"]]`, dropped: []string{"tools.function.strict"}},
		"the choice none":              {req: ask(aTool + `,"tool_choice":"none"`), path: "tool_choice", want: `"NONE"`, dropped: []string{"tools.function.strict"}},
		"the choice none of none":      {req: ask(`,"tool_choice":"none"`), path: "tool_choice"},
		"the choice auto":              {req: ask(aTool + `,"tool_choice":"auto"`), path: "tool_choice", dropped: []string{"tools.function.strict"}},
		"a function without schema":    {req: ask(aTool), path: "tools.0.function.parameters", want: noParameters, dropped: []string{"tools.function.strict"}},
		"strict tools of the caller's": {req: ask(aTool), extra: `{"strict_tools":true}`, path: "strict_tools", want: "true"},
		"one call at a time":           {req: ask(`,"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false`), path: "parallel_tool_calls", dropped: []string{"parallel_tool_calls"}},
		"json":                         {req: ask(`,"response_format":{"type":"json_object"}`), path: "response_format", want: `{"type":"json_object"}`},
		"json by a schema": {req: ask(`,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}}`), path: "response_format",
			want: `{"type":"json_object","json_schema":{"type":"object"}}`, dropped: []string{"response_format.json_schema.name"}},
		"text":                         {req: ask(`,"response_format":{"type":"text"}`), path: "response_format"},
		"a top_p of 1":                 {req: ask(`,"top_p":1`), path: "p", want: "0.99"},
		"a top_p of 0":                 {req: ask(`,"top_p":0`), path: "p", want: "0.01"},
		"max_tokens":                   {req: ask(`,"max_tokens":3`), path: "max_tokens", want: "3"},
		"top_logprobs and user":        {req: ask(`,"top_logprobs":2,"user":"u"`), path: "logprobs", dropped: []string{"top_logprobs", "user"}},
		"documents":                    {req: ask(""), extra: `{"documents":["d"]}`, path: "documents", want: `["d"]`, dropped: []string{"message.citations"}},
		"a further field":              {req: ask(""), extra: `{"store":true,"safety_mode":"OFF","functions":null}`, path: "[safety_mode,store]", want: `["OFF"]`, dropped: []string{"store"}},
		"a message that says nothing":  {req: said(`{"role":"user"}`), path: "messages.0", want: `{"role":"user","content":""}`},
		"a name, and a cache mark":     {req: said(`{"role":"system","name":"n","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}`), path: "messages.0.content", want: `[{"type":"text","text":"a"}]`, dropped: []string{"messages.content.cache_control", "messages.name"}},
		"an odd detail of an image":    {req: said(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"u","detail":"original"}}]}`), path: "messages.0.content", want: `[{"type":"image_url","image_url":{"url":"u"}}]`, dropped: []string{"messages.content.image_url.detail"}},
		"a refusal":                    {req: said(`{"role":"assistant","content":"a","refusal":"no"}`), path: "messages.0.content.#.text", want: `["a","no"]`},
		"a call without arguments":     {req: said(`{"role":"assistant","tool_calls":[{"id":"i","function":{"name":"f"}}]}`), path: "messages.0", want: `{"role":"assistant","tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":"{}"}}]}`},
		"a failed tool":                {req: said(`{"role":"tool","tool_call_id":"i","content":"broken","is_error":true}`), path: "messages.0", want: `{"role":"tool","tool_call_id":"i","content":"broken"}`, dropped: []string{"messages.is_error"}},
		"plain reasoning before calls": {req: said(`{"role":"assistant","reasoning_content":"r","tool_calls":[{"id":"i","function":{"name":"f"}}]}`), path: "messages.0.tool_plan", want: `"r"`},
		"plain reasoning without":      {req: said(`{"role":"assistant","reasoning_content":"r","content":"a"}`), path: "messages.0", want: `{"role":"assistant","content":"a"}`, dropped: []string{"messages.reasoning_content"}},
		"reasoning of another format":  {req: said(`{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"r","format":"anthropic-claude-v1"}]}`), path: "messages.0", want: `{"role":"assistant","content":"a"}`, dropped: []string{"messages.reasoning_details"}},
	} {
		t.Run(name, func(t *testing.T) {
			body, dropped, err := EncodeRequest(chatOf(t, c.req, c.extra), "m", false)
			if err != nil {
				t.Fatal(err)
			}
			if got := gjson.GetBytes(body, c.path).Raw; c.want == "" && got != "" {
				t.Errorf("sent %s", got)
			} else if c.want != "" {
				dialecttest.SameJSON(t, []byte(got), []byte(c.want))
			}
			if !reflect.DeepEqual(dropped, c.dropped) {
				t.Errorf("dropped %v, want %v", dropped, c.dropped)
			}
		})
	}
}

func TestWhatChangesTheCallersMeaningIsRefused(t *testing.T) {
	said := func(message string) string { return `{"model":"m","messages":[` + message + `]}` }
	for name, c := range map[string]struct {
		req, extra string
		kind       schemas.ErrorKind
		says       string
	}{
		"many answers":            {ask(`,"n":2`), "", schemas.KindUnsupportedOperation, "n cannot"},
		"a tool of its own kind":  {ask(`,"tools":[{"type":"web_search"}]`), "", schemas.KindUnsupportedOperation, "tools[0]"},
		"sound":                   {ask(""), `{"audio":{"voice":"x"}}`, schemas.KindUnsupportedOperation, "audio"},
		"an odd format":           {ask(`,"response_format":{"type":"grammar"}`), "", schemas.KindUnsupportedOperation, "response_format.grammar"},
		"no schema":               {ask(`,"response_format":{"type":"json_schema","json_schema":{}}`), "", schemas.KindInvalidRequest, "json_schema.schema"},
		"a choice of no tool":     {ask(aTool + `,"tool_choice":{"type":"function","function":{"name":"h"}}`), "", schemas.KindInvalidRequest, "tool_choice"},
		"a required call of none": {ask(`,"tool_choice":"required"`), "", schemas.KindInvalidRequest, "tool_choice"},
		"an odd choice":           {ask(`,"tool_choice":"any"`), "", schemas.KindInvalidRequest, "tool_choice"},
		"no messages":             {`{"model":"m","messages":[]}`, "", schemas.KindInvalidRequest, "messages"},
		"an odd role":             {said(`{"role":"critic","content":"a"}`), "", schemas.KindInvalidRequest, "messages[0].role"},
		"a result of no call":     {said(`{"role":"tool","content":"a"}`), "", schemas.KindInvalidRequest, "tool_call_id"},
		"an image of the system":  {said(`{"role":"system","content":[{"type":"image_url","image_url":{"url":"u"}}]}`), "", schemas.KindUnsupportedOperation, "messages[0].content[0]"},
		"a file of the user's":    {said(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"file","file":{"file_id":"f"}}]}`), "", schemas.KindUnsupportedOperation, "messages[0].content[1]"},
		"a picture of a tool":     {said(`{"role":"tool","tool_call_id":"i","content":[{"type":"file","file":{"file_data":"data:image/png;base64,AAAA"}}]}`), "", schemas.KindUnsupportedOperation, "messages[0].content[0]"},
		"a broken file":           {said(`{"role":"tool","tool_call_id":"i","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,/w=="}}]}`), "", schemas.KindUnsupportedOperation, "messages[0].content[0]"},
	} {
		_, _, err := EncodeRequest(chatOf(t, c.req, c.extra), "m", false)
		if e := wantKind(t, err, c.kind); !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %q does not say %q", name, e.Message, c.says)
		}
	}
}

func TestThinkingIsAskedForAsTheModelKnowsIt(t *testing.T) {
	const thinks, doesNot = "command-a-reasoning-08-2025", "command-r-plus-08-2024"
	for name, c := range map[string]struct {
		model, effort string
		thinking      *schemas.Thinking
		want          string
		dropped       []string
	}{
		"nothing":              {model: thinks},
		"an effort":            {model: thinks, effort: "low", want: `{"type":"enabled","token_budget":2048}`},
		"a high effort":        {model: thinks, effort: "high", want: `{"type":"enabled"}`},
		"an odd effort":        {model: thinks, effort: "heroic", dropped: []string{"reasoning_effort"}},
		"none":                 {model: thinks, effort: "none", want: `{"type":"disabled"}`},
		"off":                  {model: thinks, thinking: &schemas.Thinking{Off: true}, want: `{"type":"disabled"}`},
		"a budget":             {model: thinks, effort: "low", thinking: &schemas.Thinking{Budget: 9}, want: `{"type":"enabled","token_budget":9}`, dropped: []string{"reasoning_effort"}},
		"hidden":               {model: thinks, thinking: &schemas.Thinking{Hidden: true}},
		"an effort, elsewhere": {model: doesNot, effort: "low", dropped: []string{"reasoning_effort"}},
		"a budget, elsewhere":  {model: "command-a-03-2025", thinking: &schemas.Thinking{Budget: 9}, dropped: []string{"thinking"}},
		"none, elsewhere":      {model: "c4ai-aya-vision-32b", effort: "none"},
	} {
		req := chatOf(t, ask(""), "")
		req.ReasoningEffort, req.Thinking = c.effort, c.thinking
		body, dropped, err := EncodeRequest(req, c.model, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := gjson.GetBytes(body, "thinking").Raw; got != c.want || !reflect.DeepEqual(dropped, c.dropped) {
			t.Errorf("%s: sent %s, dropped %v", name, got, dropped)
		}
	}
}
