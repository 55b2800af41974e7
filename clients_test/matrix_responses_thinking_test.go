package clients_test

import (
	"context"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

// back returns the items of an answer as those of a next call.
func back(r *responses.Response) (items responses.ResponseInputParam) {
	for _, o := range r.Output {
		var it responses.ResponseInputItemUnionParam
		switch o.Type {
		case "reasoning":
			reasoning := o.AsReasoning().ToParam()
			it.OfReasoning = &reasoning
		case "message":
			message := o.AsMessage().ToParam()
			it.OfOutputMessage = &message
		case "function_call":
			call := o.AsFunctionCall().ToParam()
			it.OfFunctionCall = &call
		}
		items = append(items, it)
	}
	return items
}

// summaryOf returns the thinking that a response shows, and whether it has something that
// its provider needs back.
func summaryOf(r *responses.Response) (text string, sealed bool) {
	var all strings.Builder
	for _, o := range r.Output {
		if o.Type != "reasoning" {
			continue
		}
		item := o.AsReasoning()
		sealed = sealed || item.EncryptedContent != ""
		for _, s := range item.Summary {
			all.WriteString(s.Text)
		}
	}
	return all.String(), sealed
}

func reasoningParams(model string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: model, Store: openai.Bool(false),
		Reasoning: shared.ReasoningParam{Effort: shared.ReasoningEffortLow, Summary: shared.ReasoningSummaryAuto},
		Include:   []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
		Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
			responses.ResponseInputItemParamOfMessage("Say hello", "user")}}}
}

// responsesThinkingFeatures are about what a model thinks before it answers.
func responsesThinkingFeatures(c openai.Client) []feature {
	return []feature{
		ask("Responses thinking", func(ctx context.Context, model string) error {
			r, err := c.Responses.New(ctx, reasoningParams(model))
			if err != nil {
				return err
			}
			text, sealed := summaryOf(r)
			return must(text != "" && sealed && r.OutputText() != "", "got %+v", r)
		}),
		ask("Responses thinking stream", func(ctx context.Context, model string) error {
			whole, err := c.Responses.New(ctx, reasoningParams(model))
			if err != nil {
				return err
			}
			thoughts := ""
			var last responses.Response
			stream := c.Responses.NewStreaming(ctx, reasoningParams(model))
			for stream.Next() {
				switch e := stream.Current(); e.Type {
				case "response.reasoning_summary_text.delta":
					thoughts += e.Delta
				case "response.completed":
					last = e.Response
				}
			}
			want, _ := summaryOf(whole)
			got, _ := summaryOf(&last)
			return has(stream.Err(), thoughts == want && got == want && last.OutputText() == whole.OutputText(), "got %q, %+v, want %+v", thoughts, last, whole)
		}),
		ask("Responses thinking signatures return", func(ctx context.Context, model string) error {
			p := reasoningParams(model)
			first, err := c.Responses.New(ctx, p)
			if err != nil {
				return err
			}
			p.Input.OfInputItemList = append(append(p.Input.OfInputItemList, back(first)...), responses.ResponseInputItemParamOfMessage("Again", "user"))
			r, err := c.Responses.New(ctx, p)
			return has(err, err == nil && remembers.MatchString(r.OutputText()), "got %+v", r)
		}),
		ask("Responses thinking signatures return with a tool result", func(ctx context.Context, model string) error {
			p := reasoningParams(model)
			p.Tools = []responses.ToolUnionParam{functionTool("one")}
			first, err := c.Responses.New(ctx, p)
			if err != nil {
				return err
			}
			p.Input.OfInputItemList = append(p.Input.OfInputItemList, back(first)...)
			for _, o := range first.Output {
				if o.Type == "function_call" {
					result := responses.ResponseInputItemParamOfFunctionCallOutput("Rain")
					result.OfFunctionCallOutput.CallID = openai.String(o.CallID)
					p.Input.OfInputItemList = append(p.Input.OfInputItemList, result)
				}
			}
			r, err := c.Responses.New(ctx, p)
			return has(err, err == nil && remembers.MatchString(r.OutputText()), "got %+v", r)
		}),
		ask("Responses reasoning usage", func(ctx context.Context, model string) error {
			r, err := c.Responses.New(ctx, reasoningParams(model))
			if err != nil {
				return err
			}
			n := r.Usage.OutputTokensDetails.ReasoningTokens
			return must(n > 0 && n < r.Usage.OutputTokens, "got %+v", r.Usage)
		}),
	}
}
