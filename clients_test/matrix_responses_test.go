package clients_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
)

func functionTool(name string) responses.ToolUnionParam {
	return responses.ToolUnionParam{OfFunction: &responses.FunctionToolParam{Name: name, Strict: openai.Bool(false), Parameters: map[string]any{
		"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}}}}
}

func plainResponse(model string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: model, Store: openai.Bool(false),
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Say hello")}}
}

// responsesFeatures are those of the Responses API.
func responsesFeatures(c openai.Client) []feature {
	params := plainResponse
	withTools := func(model string) responses.ResponseNewParams {
		p := params(model)
		p.Tools = []responses.ToolUnionParam{functionTool("one"), functionTool("two")}
		p.ToolChoice = responses.ResponseNewParamsToolChoiceUnion{OfToolChoiceMode: openai.Opt(responses.ToolChoiceOptionsRequired)}
		return p
	}
	features := []feature{
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
		{"Responses length", func(ctx context.Context, model string, _ plan) error {
			p := params(model)
			p.MaxOutputTokens = openai.Int(3)
			r, err := c.Responses.New(ctx, p)
			return has(err, err == nil && r.Status == "incomplete" && r.IncompleteDetails.Reason == "max_output_tokens", "got %+v", r)
		}},
		ask("Responses tool call", func(ctx context.Context, model string) error {
			p := withTools(model)
			p.Tools = p.Tools[:1]
			r, err := c.Responses.New(ctx, p)
			return has(err, err == nil && len(r.Output) == 1 && r.Output[0].Name == "one" && isPlace(r.Output[0].Arguments.OfString), "got %+v", r)
		}),
		{"Responses failure", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Responses.New(ctx, params(p.Failing))
			return failsWith(err, func(e *openai.Error) bool { return e.StatusCode >= 500 })
		}},
		{"Responses rate limit", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Responses.New(ctx, params(p.Limited))
			return failsWith(err, func(e *openai.Error) bool { return e.StatusCode == 429 && e.Response.Header.Get("Retry-After") != "" })
		}},
	}
	return append(features, responsesContents(c)...)
}

// responsesContents are about what is said and shown.
func responsesContents(c openai.Client) []feature {
	return []feature{
		{"Responses structured output", func(ctx context.Context, model string, _ plan) error {
			p := plainResponse(model)
			p.Text = responses.ResponseTextConfigParam{Format: responses.ResponseFormatTextConfigParamOfJSONSchema("place", place)}
			r, err := c.Responses.New(ctx, p)
			if err != nil {
				return err
			}
			return must(isPlace(r.OutputText()), "got %s", r.OutputText())
		}},
		ask("Responses stored state", func(ctx context.Context, model string) error {
			p := plainResponse(model)
			p.PreviousResponseID = openai.String("resp_1")
			_, err := c.Responses.New(ctx, p)
			return failsWith(err, func(e *openai.Error) bool {
				return e.StatusCode == 400 && strings.Contains(e.Message, "previous_response_id")
			})
		}),
		ask("Responses image in", func(ctx context.Context, model string) error {
			return shownTo(ctx, c, model, responses.ResponseInputContentUnionParam{OfInputImage: &responses.ResponseInputImageParam{
				Detail: responses.ResponseInputImageDetailAuto, ImageURL: openai.String("data:image/png;base64," + pixel)}})
		}),
		ask("Responses document in", func(ctx context.Context, model string) error {
			return shownTo(ctx, c, model, responses.ResponseInputContentUnionParam{OfInputFile: &responses.ResponseInputFileParam{
				Filename: openai.String("a.pdf"), FileData: openai.String("data:application/pdf;base64," + pdfBase64)}})
		}),
		ask("Responses refusal", func(ctx context.Context, model string) error {
			r, err := c.Responses.New(ctx, responses.ResponseNewParams{Model: model, Store: openai.Bool(false),
				Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(forbidden)}})
			return has(err, err == nil && (len(r.Output) == 1 && r.Output[0].Content[0].Refusal != "" ||
				r.IncompleteDetails.Reason == "content_filter"), "got %+v", r)
		}),
	}
}

// shownTo asks what something is.
func shownTo(ctx context.Context, c openai.Client, model string, what responses.ResponseInputContentUnionParam) error {
	r, err := c.Responses.New(ctx, responses.ResponseNewParams{Model: model, Store: openai.Bool(false),
		Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage(
			responses.ResponseInputMessageContentListParam{responses.ResponseInputContentParamOfInputText("What is this?"), what}, "user")}}})
	return has(err, err == nil && r.OutputText() != "" && r.Usage.InputTokens > 3, "got %+v", r)
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
