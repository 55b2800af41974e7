package clients_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
)

func functionTool(name string) responses.ToolUnionParam {
	return responses.ToolUnionParam{OfFunction: &responses.FunctionToolParam{Name: name, Strict: openai.Bool(false), Parameters: map[string]any{
		"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}}}}
}

// responsesFeatures are those of the Responses API.
func responsesFeatures(c openai.Client) []feature {
	params := func(model string) responses.ResponseNewParams {
		return responses.ResponseNewParams{Model: model, Store: openai.Bool(false),
			Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Say hello")}}
	}
	withTools := func(model string) responses.ResponseNewParams {
		p := params(model)
		p.Tools = []responses.ToolUnionParam{functionTool("one"), functionTool("two")}
		p.ToolChoice = responses.ResponseNewParamsToolChoiceUnion{OfToolChoiceMode: openai.Opt(responses.ToolChoiceOptionsRequired)}
		return p
	}
	return []feature{
		{"Responses", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Responses.New(ctx, params(model))
			return has(err, err == nil && r.OutputText() != "" && r.Status == "completed" && r.Usage.OutputTokens > 0, "got %+v", r)
		}},
		{"Responses stream", func(ctx context.Context, model string, _ plan) error {
			text, r, err := followed(ctx, c, params(model))
			return has(err, text != "" && r.OutputText() == text && r.Status == "completed" && r.Usage.OutputTokens > 0, "got %q, %+v", text, r)
		}},
		{"Responses stream equals whole", func(ctx context.Context, model string, _ plan) error {
			whole, err := c.Responses.New(ctx, params(model))
			if err != nil {
				return err
			}
			text, _, err := followed(ctx, c, params(model))
			return has(err, text == whole.OutputText(), "got %q and %q", text, whole.OutputText())
		}},
		{"Responses streamed tool calls", func(ctx context.Context, model string, _ plan) error {
			_, r, err := followed(ctx, c, withTools(model))
			return has(err, len(r.Output) == 2 && r.Output[1].Name == "two" && json.Valid([]byte(r.Output[1].Arguments.OfString)), "got %+v", r)
		}},
		{"Responses tool result", func(ctx context.Context, model string, _ plan) error {
			p := withTools(model)
			first, err := c.Responses.New(ctx, p)
			if err != nil {
				return err
			}
			items := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("Weather?", "user")}
			for _, o := range first.Output {
				call := o.AsFunctionCall().ToParam()
				result := responses.ResponseInputItemParamOfFunctionCallOutput("Rain")
				result.OfFunctionCallOutput.CallID = openai.String(o.CallID)
				items = append(items, responses.ResponseInputItemUnionParam{OfFunctionCall: &call}, result)
			}
			p.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: items}
			p.ToolChoice = responses.ResponseNewParamsToolChoiceUnion{}
			r, err := c.Responses.New(ctx, p)
			return has(err, err == nil && len(first.Output) == 2 && r.OutputText() != "", "got %+v", r)
		}},
		{"Responses structured output", func(ctx context.Context, model string, _ plan) error {
			p := params(model)
			p.Text = responses.ResponseTextConfigParam{Format: responses.ResponseFormatTextConfigParamOfJSONSchema("place", map[string]any{
				"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
				"required": []string{"city"}, "additionalProperties": false})}
			r, err := c.Responses.New(ctx, p)
			if err != nil {
				return err
			}
			var place struct{ City *string }
			err = json.Unmarshal([]byte(r.OutputText()), &place)
			return has(err, place.City != nil, "got %s", r.OutputText())
		}},
		{"Responses length", func(ctx context.Context, model string, _ plan) error {
			p := params(model)
			p.MaxOutputTokens = openai.Int(3)
			r, err := c.Responses.New(ctx, p)
			return has(err, err == nil && r.Status == "incomplete" && r.IncompleteDetails.Reason == "max_output_tokens", "got %+v", r)
		}},
		{"Responses rate limit", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Responses.New(ctx, params(p.Limited))
			return failsWith(err, func(e *openai.Error) bool { return e.StatusCode == 429 && e.Response.Header.Get("Retry-After") != "" })
		}},
	}
}

// followed reads a streamed response: the text of its deltas, and what it ends with.
func followed(ctx context.Context, c openai.Client, p responses.ResponseNewParams) (text string, last responses.Response, err error) {
	stream := c.Responses.NewStreaming(ctx, p)
	next := int64(0)
	for stream.Next() {
		e := stream.Current()
		if e.SequenceNumber != next {
			return "", last, fmt.Errorf("event %d has the number %d", next, e.SequenceNumber)
		}
		next++
		switch e.Type {
		case "response.output_text.delta":
			text += e.Delta
		case "response.completed", "response.incomplete", "response.failed":
			last = e.Response
		}
	}
	return text, last, stream.Err()
}
