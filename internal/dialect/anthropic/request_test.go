package anthropic

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestARequestComesBackAsItWas(t *testing.T) {
	want := dialecttest.Golden(t, "request.json")
	req, stream, err := DecodeRequest(want)
	if err != nil || !stream {
		t.Fatalf("got %v, %v", stream, err)
	}
	got, dropped, err := EncodeRequest(req, "", schemas.OperationChatStream)
	if err != nil || !slices.Equal(dropped, []string{"response_format.json_schema.name"}) {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, got, want)
}

func TestSamplingComesBackAsItWas(t *testing.T) {
	want := []byte(`{"model":"m","max_tokens":9,"temperature":0.3,"top_p":0.9,"top_k":40,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`)
	req, _, err := DecodeRequest(want)
	if err != nil {
		t.Fatal(err)
	}
	got, dropped, err := EncodeRequest(req, "", schemas.OperationChat)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, got, want)
}

// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#feature-compatibility
func TestWhatTheModelCannotDoBesideThinkingIsLeftOut(t *testing.T) {
	const (
		hi     = `"messages":[{"role":"user","content":"hi"}]`
		tool   = `"tools":[{"type":"function","function":{"name":"f"}}]`
		called = `"messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]%s},{"role":"tool","tool_call_id":"t","content":"7"}]`
		signed = `,"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"s","format":"anthropic-claude-v1","index":0}]`
	)
	unsigned, thoughtful := strings.Replace(called, "%s", "", 1), strings.Replace(called, "%s", signed, 1)
	const budget, adaptive = `"model":"claude-haiku-4-5","reasoning_effort":"low",`, `"model":"claude-opus-4-6","reasoning_effort":"low",`
	for name, c := range map[string]struct {
		sent     string
		thinking *schemas.Thinking
		path     string
		want     string
		dropped  string
	}{
		"sampling":                   {`{` + adaptive + `"temperature":0.3,"top_p":0.9,"top_k":4,` + hi + `}`, nil, "[temperature,top_p,top_k]", `[]`, "temperature top_k top_p"},
		"sampling that it takes":     {`{` + budget + `"temperature":1,"top_p":0.95,` + hi + `}`, nil, "[temperature,top_p]", `[1,0.95]`, ""},
		"sampling without thinking":  {`{"temperature":0.3,"reasoning_effort":"none",` + hi + `}`, nil, "temperature", `0.3`, ""},
		"a forced call":              {`{` + adaptive + `"tool_choice":"required",` + tool + `,` + hi + `}`, nil, "thinking", ``, "reasoning_effort"},
		"a forced call, a budget":    {`{"tool_choice":{"type":"function","function":{"name":"f"}},` + tool + `,` + hi + `}`, &schemas.Thinking{Budget: 2000}, "thinking", ``, "thinking"},
		"a call that is not forced":  {`{` + adaptive + `"tool_choice":"auto",` + tool + `,` + hi + `}`, nil, "thinking.type", `"adaptive"`, ""},
		"a call without thinking":    {`{` + budget + unsigned + `}`, nil, "thinking", ``, "reasoning_effort"},
		"the same, adaptive":         {`{` + adaptive + unsigned + `}`, nil, "thinking.type", `"adaptive"`, ""},
		"a call with its thinking":   {`{` + budget + thoughtful + `}`, nil, "thinking.type", `"enabled"`, ""},
		"a budget that is too small": {`{` + hi + `}`, &schemas.Thinking{Budget: 100}, "thinking.budget_tokens", `1024`, ""},
		"a budget over the limit":    {`{"max_tokens":2000,` + hi + `}`, &schemas.Thinking{Budget: 4000}, "thinking.budget_tokens", `1999`, ""},
		"a budget without room":      {`{"max_tokens":1000,` + hi + `}`, &schemas.Thinking{Budget: 4000}, "thinking", ``, "thinking"},
	} {
		req := request(t, c.sent)
		req.Thinking = c.thinking
		body, dropped, err := EncodeRequest(req, "", schemas.OperationChat)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := gjson.GetBytes(body, c.path).Raw; got != c.want || strings.Join(dropped, " ") != c.dropped {
			t.Errorf("%s: got %s, dropped %q\nwant %s, %q", name, got, dropped, c.want, c.dropped)
		}
	}
}

func TestARequestIsReadIntoTheCanonicalForm(t *testing.T) {
	req, _, err := DecodeRequest(dialecttest.Golden(t, "request.json"))
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, m := range req.Messages {
		roles = append(roles, m.Role)
	}
	if got := strings.Join(roles, " "); got != "system user assistant tool tool user" {
		t.Errorf("got the roles %s", got)
	}
	a := req.Messages[2]
	if a.Content.PlainText() != "Let me look." || a.Reasoning != "Two calls." || len(a.ReasoningDetails) != 2 || len(a.ToolCalls) != 2 || a.ToolCalls[1].Function.Arguments != "{}" {
		t.Errorf("got %+v", a)
	}
	if m := req.Messages[4]; !m.IsError || m.ToolCallID != "toolu_2" || m.Content.PlainText() != "no such place" {
		t.Errorf("got %+v", m)
	}
	if req.Messages[0].Content.Parts[1].CacheControl.TTL != "1h" || *req.MaxCompletionTokens != 2000 || req.User != "u-1" || !req.IncludeUsage ||
		*req.ParallelToolCalls || req.ToolChoice.Mode != "auto" || req.ReasoningEffort != "high" || !req.Thinking.Hidden || req.ResponseFormat.Type != "json_schema" {
		t.Errorf("got %+v", req)
	}
}

func request(t *testing.T, text string) *schemas.ChatRequest {
	t.Helper()
	req := &schemas.ChatRequest{}
	if err := json.Unmarshal([]byte(text), req); err != nil {
		t.Fatal(err)
	}
	return req
}

func TestARequestIsWrittenByTheRules(t *testing.T) {
	const hi = `"messages":[{"role":"user","content":"hi"}]`
	const tool = `"tools":[{"type":"function","function":{"name":"f"}}]`
	for name, c := range map[string]struct{ sent, path, want, dropped string }{
		"a limit that is missing":        {`{` + hi + `}`, "max_tokens", `4096`, ""},
		"the older limit":                {`{"max_tokens":7,` + hi + `}`, "max_tokens", `7`, ""},
		"the newer limit":                {`{"max_tokens":7,"max_completion_tokens":9,` + hi + `}`, "max_tokens", `9`, ""},
		"a developer's message":          {`{"messages":[{"role":"developer","content":"d"},{"role":"user","content":"hi"}]}`, "system", `[{"type":"text","text":"d"}]`, ""},
		"a late system message":          {`{"messages":[{"role":"user","content":"hi"},{"role":"system","content":"d"}]}`, "system", `[{"type":"text","text":"d"}]`, "messages.role"},
		"messages of one role":           {`{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}`, "messages", `[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]`, ""},
		"empty texts":                    {`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":""},{"role":"user","content":[{"type":"text","text":""}]}]}`, "messages", `[{"role":"user","content":[{"type":"text","text":"a"}]}]`, ""},
		"a late result":                  {`{"messages":[{"role":"user","content":"a"},{"role":"tool","tool_call_id":"t","content":"r"}]}`, "messages.0.content.#.type", `["tool_result","text"]`, ""},
		"a function without a form":      {`{` + tool + `,` + hi + `}`, "tools", `[{"name":"f","input_schema":{"type":"object","properties":{}}}]`, ""},
		"any tool":                       {`{"tool_choice":"required",` + tool + `,` + hi + `}`, "tool_choice", `{"type":"any"}`, ""},
		"one tool":                       {`{"tool_choice":{"type":"function","function":{"name":"f"}},` + tool + `,` + hi + `}`, "tool_choice", `{"type":"tool","name":"f"}`, ""},
		"no tool":                        {`{"tool_choice":"none","parallel_tool_calls":false,` + tool + `,` + hi + `}`, "tool_choice", `{"type":"none"}`, ""},
		"one call at a time":             {`{"parallel_tool_calls":false,` + tool + `,` + hi + `}`, "tool_choice", `{"type":"auto","disable_parallel_tool_use":true}`, ""},
		"a choice of nothing":            {`{"tool_choice":"auto","parallel_tool_calls":false,` + hi + `}`, "tool_choice", ``, ""},
		"an effort":                      {`{"model":"claude-opus-4-6","reasoning_effort":"minimal",` + hi + `}`, "output_config", `{"effort":"low"}`, ""},
		"an effort, adaptive":            {`{"model":"claude-opus-4-6","reasoning_effort":"high",` + hi + `}`, "thinking", `{"type":"adaptive"}`, ""},
		"an effort as a budget":          {`{"model":"claude-haiku-4-5","reasoning_effort":"low",` + hi + `}`, "thinking", `{"type":"enabled","budget_tokens":2048}`, ""},
		"room for a budget":              {`{"model":"claude-haiku-4-5","reasoning_effort":"low",` + hi + `}`, "max_tokens", `6144`, ""},
		"a budget below the limit":       {`{"model":"claude-haiku-4-5","reasoning_effort":"high","max_tokens":2000,` + hi + `}`, "thinking.budget_tokens", `1999`, ""},
		"no room for a budget":           {`{"model":"claude-haiku-4-5","reasoning_effort":"high","max_tokens":1000,` + hi + `}`, "thinking", ``, "reasoning_effort"},
		"no effort":                      {`{"reasoning_effort":"none",` + hi + `}`, "thinking", `{"type":"disabled"}`, ""},
		"sampling that it has not":       {`{"frequency_penalty":1,"presence_penalty":1,"seed":0,` + hi + `}`, "seed", ``, "frequency_penalty presence_penalty seed"},
		"thinking that is not its own":   {`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"r","reasoning_details":[{"type":"reasoning.encrypted","data":"x","format":"openai-responses-v1","index":0}]}]}`, "messages.1.content.#.type", `["text"]`, "messages.reasoning_content messages.reasoning_details"},
		"a name and a detail":            {`{"messages":[{"role":"user","name":"joe","content":[{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}]}]}`, "messages.0.content.0.source", `{"type":"url","url":"https://x/y.png"}`, "messages.content.image_url.detail messages.name"},
		"a data: URL that is not base64": {`{"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf,a%20b"}}]}]}`, "messages.0.content.0.source.data", `"YSBi"`, ""},
		"arguments that are none":        {`{"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":""}}]}]}`, "messages.1.content.0.input", `{}`, ""},
	} {
		body, dropped, err := EncodeRequest(request(t, c.sent), "", schemas.OperationChat)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := gjson.GetBytes(body, c.path).Raw; got != c.want || strings.Join(dropped, " ") != c.dropped {
			t.Errorf("%s: got %s, dropped %q\nwant %s, %q", name, got, dropped, c.want, c.dropped)
		}
	}
}

func TestAFurtherFieldIsSentIfItIsTheDialectsOwn(t *testing.T) {
	req := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, Extra: map[string]json.RawMessage{
		"container": json.RawMessage(`"c"`), "store": json.RawMessage(`true`), "service_tier": json.RawMessage(`"flex"`)}}
	body, dropped, err := EncodeRequest(req, "other", schemas.OperationChat)
	if err != nil || !slices.Equal(dropped, []string{"service_tier", "store"}) {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, body, []byte(`{"model":"other","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"container":"c"}`))
}

func TestACountOfTokensHasNoLimitAndNoStream(t *testing.T) {
	req := request(t, `{"model":"m","max_tokens":5,"temperature":1,"stop":"x","messages":[{"role":"user","content":"hi"}]}`)
	body, _, err := EncodeRequest(req, "", schemas.OperationCountTokens)
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, body, []byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`))
}

func TestWhatChangesTheMeaningIsRefused(t *testing.T) {
	const hi = `"messages":[{"role":"user","content":"hi"}]`
	for name, c := range map[string]struct {
		sent, says string
		kind       error
	}{
		"answers":        {`{"n":2,` + hi + `}`, "n > 1", schemas.ErrUnsupportedOperation},
		"logprobs":       {`{"logprobs":true,` + hi + `}`, "logprobs", schemas.ErrUnsupportedOperation},
		"json_object":    {`{"response_format":{"type":"json_object"},` + hi + `}`, "json_schema", schemas.ErrUnsupportedOperation},
		"no schema":      {`{"response_format":{"type":"json_schema"},` + hi + `}`, "schema", schemas.ErrInvalidRequest},
		"sound":          {`{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"secret","format":"wav"}}]}]}`, "messages[0].content[0]", schemas.ErrUnsupportedOperation},
		"another tool":   {`{"tools":[{"type":"custom","function":{"name":"secret"}}],` + hi + `}`, "tools[0]", schemas.ErrUnsupportedOperation},
		"a broken call":  {`{"messages":[{"role":"assistant","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{secret"}}]}]}`, "messages[0].tool_calls[0]", schemas.ErrInvalidRequest},
		"a result":       {`{"messages":[{"role":"tool","content":"secret"}]}`, "tool_call_id", schemas.ErrInvalidRequest},
		"a role":         {`{"messages":[{"role":"secret","content":"x"}]}`, "messages[0].role", schemas.ErrInvalidRequest},
		"a system image": {`{"messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://secret"}}]}]}`, "messages[0]", schemas.ErrUnsupportedOperation},
		"no message":     {`{"messages":[{"role":"system","content":"secret"}]}`, "message of the user", schemas.ErrInvalidRequest},
		"a choice":       {`{"tool_choice":"secret","tools":[{"type":"function","function":{"name":"f"}}],` + hi + `}`, "tool_choice", schemas.ErrInvalidRequest},
		"an address":     {`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:secret"}}]}]}`, "image_url.url", schemas.ErrInvalidRequest},
	} {
		_, _, err := EncodeRequest(request(t, c.sent), "m", schemas.OperationChat)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestContentOfTheWrongTypeIsNamed(t *testing.T) {
	for sent, says := range map[string]string{
		`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":7777}]}`:                                                                              "messages.content",
		`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":7777}]}]}`:                                                     "messages.content.text",
		`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":true}]}],"system":"do not quote"}`: "messages.content.content",
	} {
		_, _, err := DecodeRequest([]byte(sent))
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "the field "+says+" has the wrong type") {
			t.Errorf("%s: got %v, want %s", sent, err, says)
		}
	}
}

func TestWhatNoOtherDialectHasIsRefused(t *testing.T) {
	const tail = `,"model":"m","max_tokens":1`
	user := func(block string) string {
		return `{"messages":[{"role":"user","content":[` + block + `]}]` + tail + `}`
	}
	for name, sent := range map[string]string{
		"a container":     `{"container":"c","messages":[{"role":"user","content":"x"}]` + tail + `}`,
		"a tool":          `{"tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":"x"}]` + tail + `}`,
		"an image's file": user(`{"type":"image","source":{"type":"file","file_id":"f"}}`),
		"a search result": user(`{"type":"search_result","title":"x"}`),
		"citations":       user(`{"type":"document","citations":{"enabled":true},"source":{"type":"text","data":"x"}}`),
		"parts":           user(`{"type":"document","source":{"type":"content","content":"x"}}`),
		"a server's call": `{"messages":[{"role":"assistant","content":[{"type":"server_tool_use","id":"x"}]}]` + tail + `}`,
	} {
		if _, _, err := DecodeRequest([]byte(sent)); !errors.Is(err, schemas.ErrUnsupportedOperation) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, sent := range map[string]string{
		"no object": `[]`, "no model": `{"messages":[{"role":"user","content":"x"}]}`, "no messages": `{"model":"m"}`,
		"a role": `{"messages":[{"role":"x","content":"x"}]` + tail + `}`, "content": `{"messages":[{"role":"user","content":5}]` + tail + `}`,
		"thinking": `{"thinking":{"type":"x"},"messages":[{"role":"user","content":"x"}]` + tail + `}`,
		"a choice": `{"tool_choice":{"type":"tool"},"messages":[{"role":"user","content":"x"}]` + tail + `}`,
		"a format": `{"output_config":{"format":{"type":"json_schema"}},"messages":[{"role":"user","content":"x"}]` + tail + `}`,
	} {
		if _, _, err := DecodeRequest([]byte(sent)); !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
