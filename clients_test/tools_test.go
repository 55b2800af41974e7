package clients_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"
)

// tool is a function whose parameters are a city and a number of days.
func tool(name string) openai.ChatCompletionToolUnionParam {
	return openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: name,
		Parameters: shared.FunctionParameters{
			"type": "object",
			"properties": map[string]any{
				"city": map[string]any{"type": "string", "enum": []string{"Reykjav\u00edk", "Bergen"}},
				"days": map[string]any{"type": "integer", "minimum": 3},
			},
			"required": []string{"city", "days"},
		},
	})
}

func choice(mode string) openai.ChatCompletionToolChoiceOptionUnionParam {
	return openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: openai.String(mode)}
}

// toolCases are requests and the functions that the answer calls.
var toolCases = []struct {
	name   string
	change func(*openai.ChatCompletionNewParams)
	want   []string
}{
	{"the model chooses", func(p *openai.ChatCompletionNewParams) {}, []string{"weather"}},
	{"several at once", func(p *openai.ChatCompletionNewParams) { p.ToolChoice = choice("required") }, []string{"weather", "tides"}},
	{"not in parallel", func(p *openai.ChatCompletionNewParams) {
		p.ToolChoice, p.ParallelToolCalls = choice("required"), openai.Bool(false)
	}, []string{"weather"}},
	{"one by name", func(p *openai.ChatCompletionNewParams) {
		p.ToolChoice = openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: "tides"})
	}, []string{"tides"}},
}

func TestToolCallsComeWholeAndStreamedDeltasAccumulateToTheSame(t *testing.T) {
	for _, c := range toolCases {
		t.Run(c.name, func(t *testing.T) {
			site{}.each(t, func(t *testing.T, d *door) {
				p := d.ask("How will it be?")
				p.Tools = []openai.ChatCompletionToolUnionParam{tool("weather"), tool("tides")}
				c.change(&p)
				checkCalls(t, d.chat(t, p).Choices[0], c.want)
				streamed := accumulate(t, d.stream(t, p))
				checkCalls(t, streamed.Choices[0], c.want)
			})
		})
	}
}

func checkCalls(t *testing.T, got openai.ChatCompletionChoice, want []string) {
	t.Helper()
	calls := got.Message.ToolCalls
	if got.FinishReason != "tool_calls" || got.Message.Content != "" || len(calls) != len(want) {
		t.Fatalf("got %+v", got)
	}
	ids := map[string]bool{}
	for i, call := range calls {
		ids[call.ID] = true
		if call.ID == "" || call.Function.Name != want[i] {
			t.Errorf("call %d is %+v, want %s", i, call, want[i])
		}
		var arguments struct {
			City string `json:"city"`
			Days int    `json:"days"`
		}
		if err := json.Unmarshal([]byte(call.Function.Arguments), &arguments); err != nil {
			t.Errorf("arguments %q: %v", call.Function.Arguments, err)
		}
		if arguments.City != "Reykjav\u00edk" || arguments.Days != 3 {
			t.Errorf("arguments are %+v", arguments)
		}
	}
	if len(ids) != len(calls) {
		t.Errorf("the ids are not distinct: %v", ids)
	}
}

func TestStreamedToolCallHasItsIDAndNameInItsFirstDeltaAndAnIndexInEach(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("How will it be?")
		p.Tools = []openai.ChatCompletionToolUnionParam{tool("weather"), tool("tides")}
		p.ToolChoice = choice("required")
		begun := map[int64]bool{}
		for _, chunk := range d.stream(t, p) {
			for _, call := range chunk.Choices[0].Delta.ToolCalls {
				first := !begun[call.Index]
				begun[call.Index] = true
				if !call.JSON.Index.Valid() || first != (call.ID != "") || first != (call.Function.Name != "") {
					t.Errorf("got %s", call.RawJSON())
				}
			}
		}
		if len(begun) != 2 {
			t.Errorf("%d calls were begun, want 2", len(begun))
		}
	})
}

func TestToolResultsGoBackAndAreAnsweredWithText(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("How will it be?")
		p.Tools = []openai.ChatCompletionToolUnionParam{tool("weather"), tool("tides")}
		p.ToolChoice = choice("required")
		calls := d.chat(t, p).Choices[0].Message
		p.ToolChoice = choice("auto")
		p.Messages = append(p.Messages, calls.ToParam(),
			openai.ToolMessage("sunny", calls.ToolCalls[0].ID),
			openai.ToolMessage("high", calls.ToolCalls[1].ID))
		got := d.chat(t, p).Choices[0]
		if got.FinishReason != "stop" || len(got.Message.ToolCalls) != 0 || !strings.Contains(got.Message.Content, `"sunny high"`) {
			t.Errorf("got %s", got.RawJSON())
		}
		if streamed := accumulate(t, d.stream(t, p)).Choices[0]; streamed.Message.Content != got.Message.Content {
			t.Errorf("streamed as %q", streamed.Message.Content)
		}
	})
}

func TestStructuredOutputFollowsItsSchema(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("as JSON")
		p.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "forecast", Strict: openai.Bool(true),
				Schema: map[string]any{
					"type": "object", "additionalProperties": false, "required": []string{"sky", "wind"},
					"properties": map[string]any{
						"sky":  map[string]any{"type": "string", "enum": []string{"grey"}},
						"wind": map[string]any{"type": "array", "items": map[string]any{"type": "number"}, "minItems": 2},
					}}}}}
		for _, text := range []string{
			d.chat(t, p).Choices[0].Message.Content,
			accumulate(t, d.stream(t, p)).Choices[0].Message.Content,
		} {
			var got struct {
				Sky  string
				Wind []float64
			}
			if err := json.Unmarshal([]byte(text), &got); err != nil || got.Sky != "grey" || len(got.Wind) != 2 {
				t.Errorf("got %s (%v)", text, err)
			}
		}
	})
}
