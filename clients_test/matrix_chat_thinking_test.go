package clients_test

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/respjson"
	"github.com/openai/openai-go/v3/shared"
)

// thought is what a message or a delta shows of the thinking: OpenAI's own API has no
// field for it, and those of OpenRouter and others are extra fields to its SDK.
func thought(extra map[string]respjson.Field) (text string) {
	_ = json.Unmarshal([]byte(extra["reasoning_content"].Raw()), &text)
	return text
}

// asItCame is a message of an answer with every field that it has.
func asItCame(m openai.ChatCompletionMessage) openai.ChatCompletionMessageParamUnion {
	return param.Override[openai.ChatCompletionMessageParamUnion](json.RawMessage(m.RawJSON()))
}

func thoughtfulGreeting(model string) openai.ChatCompletionNewParams {
	p := greeting(model)
	p.ReasoningEffort = shared.ReasoningEffortLow
	return p
}

// chatThinkingFeatures are about what a model thinks before it answers.
func chatThinkingFeatures(c openai.Client) []feature {
	thinking := thoughtfulGreeting
	shown := []feature{
		ask("thinking", func(ctx context.Context, model string) error {
			r, err := c.Chat.Completions.New(ctx, thinking(model))
			return has(err, err == nil && speaks(r) && thought(r.Choices[0].Message.JSON.ExtraFields) != "" &&
				strings.HasPrefix(r.Choices[0].Message.JSON.ExtraFields["reasoning_details"].Raw(), "["), "got %+v", r)
		}),
		ask("thinking stream", func(ctx context.Context, model string) error {
			whole, err := c.Chat.Completions.New(ctx, thinking(model))
			if err != nil {
				return err
			}
			thoughts, text, late := "", "", false
			stream := c.Chat.Completions.NewStreaming(ctx, thinking(model))
			for stream.Next() {
				for _, choice := range stream.Current().Choices {
					more := thought(choice.Delta.JSON.ExtraFields)
					late = late || more != "" && text != ""
					thoughts, text = thoughts+more, text+choice.Delta.Content
				}
			}
			m := whole.Choices[0].Message
			return has(stream.Err(), !late && thoughts == thought(m.JSON.ExtraFields) && text == m.Content, "got %q, %q, want %+v", thoughts, text, m)
		}),
	}
	return append(shown, chatThinkingTurns(c)...)
}

// chatThinkingTurns are about thinking in a conversation.
func chatThinkingTurns(c openai.Client) []feature {
	thinking := thoughtfulGreeting
	return []feature{
		ask("thinking signatures return", func(ctx context.Context, model string) error {
			p := thinking(model)
			first, err := c.Chat.Completions.New(ctx, p)
			if err != nil {
				return err
			}
			p.Messages = append(p.Messages, asItCame(first.Choices[0].Message), openai.UserMessage("Again"))
			r, err := c.Chat.Completions.New(ctx, p)
			return has(err, err == nil && remembers.MatchString(r.Choices[0].Message.Content), "got %+v", r)
		}),
		ask("thinking signatures return with a tool result", func(ctx context.Context, model string) error {
			p := thinking(model)
			p.Tools = []openai.ChatCompletionToolUnionParam{weatherTool("one")}
			first, err := c.Chat.Completions.New(ctx, p)
			if err != nil {
				return err
			}
			m := first.Choices[0].Message
			p.Messages = append(p.Messages, asItCame(m), openai.ToolMessage("Rain", m.ToolCalls[0].ID))
			r, err := c.Chat.Completions.New(ctx, p)
			return has(err, err == nil && thought(m.JSON.ExtraFields) != "" && remembers.MatchString(r.Choices[0].Message.Content), "got %+v", r)
		}),
		ask("tool result without its thinking", func(ctx context.Context, model string) error {
			p := thinking(model)
			p.Tools = []openai.ChatCompletionToolUnionParam{weatherTool("one")}
			first, err := c.Chat.Completions.New(ctx, p)
			if err != nil {
				return err
			}
			m := first.Choices[0].Message
			p.Messages = append(p.Messages, m.ToParam(), openai.ToolMessage("Rain", m.ToolCalls[0].ID))
			r, err := c.Chat.Completions.New(ctx, p)
			return has(err, err == nil && strings.Contains(r.Choices[0].Message.Content, "Rain"), "got %+v", r)
		}),
		ask("thinking beside other parameters", func(ctx context.Context, model string) error {
			p := thinking(model)
			p.Temperature, p.TopP = openai.Float(0.3), openai.Float(0.9)
			r, err := c.Chat.Completions.New(ctx, p)
			if err := has(err, err == nil && thought(r.Choices[0].Message.JSON.ExtraFields) != "", "got %+v", r); err != nil {
				return err
			}
			p.Tools, p.ToolChoice.OfAuto = []openai.ChatCompletionToolUnionParam{weatherTool("one")}, openai.String("required")
			p.MaxCompletionTokens = openai.Int(500)
			r, err = c.Chat.Completions.New(ctx, p)
			return has(err, err == nil && calls(r, "one"), "got %+v", r)
		}),
		ask("reasoning usage", func(ctx context.Context, model string) error {
			r, err := c.Chat.Completions.New(ctx, thinking(model))
			if err != nil {
				return err
			}
			n := r.Usage.CompletionTokensDetails.ReasoningTokens
			return must(n > 0 && n < r.Usage.CompletionTokens && r.Usage.TotalTokens == r.Usage.PromptTokens+r.Usage.CompletionTokens, "got %+v", r.Usage)
		}),
	}
}
