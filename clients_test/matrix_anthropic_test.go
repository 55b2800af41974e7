package clients_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

func anthropicFeatures(base string, via *http.Client) []feature {
	c := anthropic.NewClient(option.WithBaseURL(base+"/anthropic"), option.WithHTTPClient(via), option.WithAPIKey("none"), option.WithMaxRetries(0))
	params := hello
	withTools := func(model string) anthropic.MessageNewParams {
		p := params(model)
		p.Tools = []anthropic.ToolUnionParam{placeTool("one"), placeTool("two")}
		p.ToolChoice = anthropic.ToolChoiceUnionParam{OfAny: &anthropic.ToolChoiceAnyParam{}}
		return p
	}
	called := func(m *anthropic.Message) bool {
		var names []string
		for _, b := range m.Content {
			if b.Type == "tool_use" && json.Valid(b.Input) {
				names = append(names, b.Name)
			}
		}
		return len(names) == 2 && names[1] == "two" && m.StopReason == anthropic.StopReasonToolUse
	}
	plain := []feature{
		{"chat", func(ctx context.Context, model string, _ plan) error {
			m, err := c.Messages.New(ctx, params(model))
			return has(err, err == nil && m.Content[0].Text != "" && m.StopReason == anthropic.StopReasonEndTurn && m.Usage.OutputTokens > 0, "got %+v", m)
		}},
		{"stream", func(ctx context.Context, model string, _ plan) error {
			m, err := collectMessage(ctx, c, params(model))
			return has(err, err == nil && len(m.Content) == 1 && m.Content[0].Text != "" && m.StopReason == anthropic.StopReasonEndTurn && m.Usage.OutputTokens > 0, "got %+v", m)
		}},
		{"parallel tool calls", func(ctx context.Context, model string, _ plan) error {
			m, err := c.Messages.New(ctx, withTools(model))
			return has(err, err == nil && called(m), "got %+v", m)
		}},
		{"streamed tool calls", func(ctx context.Context, model string, _ plan) error {
			m, err := collectMessage(ctx, c, withTools(model))
			return has(err, err == nil && called(m), "got %+v", m)
		}},
	}
	rest := []feature{
		{"count tokens", func(ctx context.Context, model string, _ plan) error {
			n, err := c.Messages.CountTokens(ctx, anthropic.MessageCountTokensParams{Model: anthropic.Model(model), Messages: params(model).Messages})
			return has(err, err == nil && n.InputTokens > 0, "got %+v", n)
		}},
		{"models", func(ctx context.Context, model string, _ plan) error {
			list := c.Models.ListAutoPaging(ctx, anthropic.ModelListParams{})
			found := false
			for list.Next() {
				found = found || list.Current().ID == model
			}
			return has(list.Err(), found, "%s is not listed", model)
		}},
		ask("one model", func(ctx context.Context, model string) error {
			m, err := c.Models.Get(ctx, model, anthropic.ModelGetParams{})
			return has(err, err == nil && m.ID == model, "got %+v", m)
		}),
		{"unknown model", func(ctx context.Context, _ string, _ plan) error {
			_, err := c.Messages.New(ctx, params("nobody/nothing"))
			return failsWith(err, func(e *anthropic.Error) bool { return e.StatusCode == 404 })
		}},
		{"rate limit", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Messages.New(ctx, params(p.Limited))
			return failsWith(err, func(e *anthropic.Error) bool {
				return e.StatusCode == 429 && e.Response.Header.Get("Retry-After") != ""
			})
		}},
		{"failure", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Messages.New(ctx, params(p.Failing))
			return failsWith(err, func(e *anthropic.Error) bool { return e.StatusCode >= 500 })
		}},
	}
	return slices.Concat(plain, messageFeatures(c), messageThinkingFeatures(c), rest)
}
