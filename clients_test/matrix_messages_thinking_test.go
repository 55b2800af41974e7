package clients_test

import (
	"context"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
)

// messageThinkingFeatures are about what a model thinks before it answers.
func messageThinkingFeatures(c anthropic.Client) []feature {
	thinking := func(model string) messageParams {
		p := hello(model)
		p.MaxTokens, p.Thinking = 4000, anthropic.ThinkingConfigParamOfEnabled(1024)
		return p
	}
	again := anthropic.NewUserMessage(anthropic.NewTextBlock("Again"))
	return []feature{
		ask("thinking", func(ctx context.Context, model string) error {
			m, err := c.Messages.New(ctx, thinking(model))
			signed := err == nil && (m.Content[0].Signature != "" || !strings.HasPrefix(model, "anthropic/"))
			return has(err, signed && m.Content[0].Thinking != "" && says(m), "got %+v", m)
		}),
		ask("thinking stream", func(ctx context.Context, model string) error {
			whole, err := c.Messages.New(ctx, thinking(model))
			if err != nil {
				return err
			}
			m, err := collectMessage(ctx, c, thinking(model))
			return has(err, err == nil && thoughtOf(m) == thoughtOf(whole) && textOf(m) == textOf(whole) && m.Content[0].Signature == whole.Content[0].Signature,
				"got %+v, want %+v", m, whole)
		}),
		ask("hidden thinking", func(ctx context.Context, model string) error {
			p := thinking(model)
			p.Thinking.OfEnabled.Display = anthropic.ThinkingConfigEnabledDisplayOmitted
			m, err := c.Messages.New(ctx, p)
			if err != nil {
				return err
			}
			streamed, err := collectMessage(ctx, c, p)
			if err != nil {
				return err
			}
			hidden := thoughtOf(m)+thoughtOf(streamed) == "" && says(m) && says(streamed)
			p.Messages = append(p.Messages, m.ToParam(), again)
			next, err := c.Messages.New(ctx, p)
			return has(err, err == nil && hidden && m.Usage.OutputTokensDetails.ThinkingTokens > 0 && remembers.MatchString(textOf(next)), "got %+v, %+v, then %+v", m, streamed, next)
		}),
		ask("thinking signatures return", func(ctx context.Context, model string) error {
			p := thinking(model)
			first, err := c.Messages.New(ctx, p)
			if err != nil {
				return err
			}
			p.Messages = append(p.Messages, first.ToParam(), again)
			m, err := c.Messages.New(ctx, p)
			return has(err, err == nil && remembers.MatchString(textOf(m)), "got %+v", m)
		}),
		ask("thinking signatures return with a tool result", func(ctx context.Context, model string) error {
			p := thinking(model)
			p.Tools = []anthropic.ToolUnionParam{placeTool("one")}
			first, err := collectMessage(ctx, c, p)
			if err != nil {
				return err
			}
			p.Messages = append(p.Messages, first.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(uses(first).ID, "Rain", false)))
			m, err := c.Messages.New(ctx, p)
			return has(err, err == nil && thoughtOf(first) != "" && remembers.MatchString(textOf(m)), "got %+v", m)
		}),
		ask("reasoning usage", func(ctx context.Context, model string) error {
			m, err := c.Messages.New(ctx, thinking(model))
			if err != nil {
				return err
			}
			n := m.Usage.OutputTokensDetails.ThinkingTokens
			return must(n > 0 && n < m.Usage.OutputTokens, "got %+v", m.Usage)
		}),
	}
}
