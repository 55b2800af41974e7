package simulated_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// withTools is a request with two tools; choice is raw JSON, more further fields.
func withTools(choice, more string) string {
	return `{"model":"m",` + more + `"tool_choice":` + choice + `,"tools":[
		{"type":"function","function":{"name":"weather","parameters":{"type":"object",
			"properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2},"unit":{"enum":["C","F"]}},
			"required":["city","days","unit"]}}},
		{"type":"function","function":{"name":"clock"}}],
		"messages":[{"role":"user","content":"weather and time?"}]}`
}

func TestToolChoiceDecidesWhichFunctionsAreCalled(t *testing.T) {
	cases := []struct {
		choice, more string
		want         []string
	}{
		{`null`, "", []string{"weather"}},
		{`"auto"`, "", []string{"weather"}},
		{`"required"`, "", []string{"weather", "clock"}},
		{`"required"`, `"parallel_tool_calls":true,`, []string{"weather", "clock"}},
		{`"required"`, `"parallel_tool_calls":false,`, []string{"weather"}},
		{`{"type":"function","function":{"name":"clock"}}`, "", []string{"clock"}},
		{`"none"`, "", nil},
	}
	u := simulated.New(schemas.SimulationConfig{})
	ids := map[string]bool{}
	for _, c := range cases {
		r := chat(t, u, withTools(c.choice, c.more))
		choice := r.Choices[0]
		var names []string
		for _, call := range choice.Message.ToolCalls {
			names = append(names, call.Function.Name)
			decodeAs[map[string]any](t, call.Function.Arguments)
			if ids[call.ID] || call.ID == "" {
				t.Errorf("id %q is not new", call.ID)
			}
			ids[call.ID] = true
		}
		if strings.Join(names, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s %s: called %v, want %v", c.choice, c.more, names, c.want)
		}
		if called := choice.FinishReason == "tool_calls"; called != (c.want != nil) || called != (choice.Message.Content == nil) {
			t.Errorf("%s: %+v", c.choice, choice)
		}
	}
}

func TestToolArgumentsFillRequiredPropertiesByTheirType(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	calls := chat(t, u, withTools(`"required"`, "")).Choices[0].Message.ToolCalls
	got := decodeAs[struct {
		City string
		Days int
		Unit string
	}](t, calls[0].Function.Arguments)
	if got.City == "" || got.Days != 2 || got.Unit != "C" {
		t.Errorf("%s", calls[0].Function.Arguments)
	}
	if calls[1].Function.Arguments != "{}" {
		t.Errorf("no parameters gave %s", calls[1].Function.Arguments)
	}
}

func TestAnswerAfterToolResultsIsTextThatQuotesThem(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	body := strings.Replace(withTools(`"auto"`, ""), `"weather and time?"}`, `"weather and time?"},
		{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"weather","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"a","content":"21 degrees"},
		{"role":"tool","tool_call_id":"b","content":"noon"}`, 1)
	r := chat(t, u, body)
	if !strings.HasPrefix(r.Text(), `The tool answered "21 degrees noon". `) || r.Choices[0].FinishReason != "stop" {
		t.Errorf("%+v", r.Choices[0])
	}
}

func TestTokenLimitCutsToolArguments(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	for limit := 1; limit < 12; limit++ {
		r := chat(t, u, withTools(`"required"`, fmt.Sprintf(`"max_tokens":%d,`, limit)))
		if r.Usage.CompletionTokens > limit {
			t.Errorf("limit %d: %+v", limit, r.Usage)
		}
		complete := len(r.Choices[0].Message.ToolCalls) == 2
		for _, c := range r.Choices[0].Message.ToolCalls {
			complete = complete && json.Valid([]byte(c.Function.Arguments))
		}
		if (r.Choices[0].FinishReason == "tool_calls") != complete {
			t.Errorf("limit %d: %+v", limit, r.Choices[0])
		}
	}
}
