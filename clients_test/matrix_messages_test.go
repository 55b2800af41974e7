package clients_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

type messageParams = anthropic.MessageNewParams

// messageRow is a message that must be answered: what is asked for beside a greeting, and
// what the answer must have.
func messageRow(c anthropic.Client, name string, with func(*messageParams), ok func(*anthropic.Message) bool) feature {
	return ask(name, func(ctx context.Context, model string) error {
		p := hello(model)
		with(&p)
		m, err := c.Messages.New(ctx, p)
		return has(err, err == nil && ok(m), "got %+v", m)
	})
}

func hello(model string) messageParams {
	return messageParams{Model: anthropic.Model(model), MaxTokens: 100,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Say hello"))}}
}

// collectMessage reads a stream to the message that it is.
func collectMessage(ctx context.Context, c anthropic.Client, p messageParams) (*anthropic.Message, error) {
	var m anthropic.Message
	stream := c.Messages.NewStreaming(ctx, p)
	for stream.Next() {
		if err := m.Accumulate(stream.Current()); err != nil {
			return nil, err
		}
	}
	return &m, stream.Err()
}

// textOf and thoughtOf return what a message says, and what it shows of the thinking.
func textOf(m *anthropic.Message) (text string) {
	for _, b := range m.Content {
		text += b.Text
	}
	return text
}

func thoughtOf(m *anthropic.Message) (text string) {
	for _, b := range m.Content {
		text += b.Thinking
	}
	return text
}

func says(m *anthropic.Message) bool {
	return textOf(m) != "" && m.StopReason == anthropic.StopReasonEndTurn
}

// uses returns the first call of a message; nil if there is none.
func uses(m *anthropic.Message) *anthropic.ContentBlockUnion {
	for i := range m.Content {
		if m.Content[i].Type == "tool_use" {
			return &m.Content[i]
		}
	}
	return nil
}

func useOf(name string) func(*anthropic.Message) bool {
	return func(m *anthropic.Message) bool {
		use := uses(m)
		return use != nil && use.Name == name && isPlace(string(use.Input)) && m.StopReason == anthropic.StopReasonToolUse
	}
}

func placeTool(name string) anthropic.ToolUnionParam {
	return anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{Properties: place["properties"], Required: []string{"city"}}, name)
}

// messageFeatures are those of the Messages API beside the plainest ones.
func messageFeatures(c anthropic.Client) []feature {
	return slices.Concat(messageInputs(c), messageTools(c), messageEnds(c))
}

// messageInputs are about what is asked.
func messageInputs(c anthropic.Client) []feature {
	user := func(blocks ...anthropic.ContentBlockParamUnion) []anthropic.MessageParam {
		return []anthropic.MessageParam{anthropic.NewUserMessage(append(blocks, anthropic.NewTextBlock("What is this?"))...)}
	}
	return []feature{
		ask("stream equals whole", func(ctx context.Context, model string) error {
			whole, err := c.Messages.New(ctx, hello(model))
			if err != nil {
				return err
			}
			m, err := collectMessage(ctx, c, hello(model))
			return has(err, err == nil && textOf(m) == textOf(whole), "got %+v, want %+v", m, whole)
		}),
		messageRow(c, "system and developer messages", func(p *messageParams) {
			p.System = []anthropic.TextBlockParam{{Text: "Be brief", CacheControl: anthropic.NewCacheControlEphemeralParam()}}
		}, says),
		messageRow(c, "multi-turn", func(p *messageParams) {
			p.Messages = append(p.Messages, anthropic.NewAssistantMessage(anthropic.NewTextBlock("Hello")), anthropic.NewUserMessage(anthropic.NewTextBlock("Again")))
		}, func(m *anthropic.Message) bool { return strings.Contains(textOf(m), "Again") }),
		messageRow(c, "image in", func(p *messageParams) {
			p.Messages = user(anthropic.NewImageBlockBase64("image/png", pixel))
		}, func(m *anthropic.Message) bool { return says(m) && m.Usage.InputTokens > 3 }),
		messageRow(c, "document in", func(p *messageParams) {
			p.Messages = user(anthropic.NewDocumentBlock(anthropic.Base64PDFSourceParam{Data: pdfBase64}))
		}, func(m *anthropic.Message) bool { return says(m) && m.Usage.InputTokens > 3 }),
	}
}

// messageTools are about tools.
func messageTools(c anthropic.Client) []feature {
	two := []anthropic.ToolUnionParam{placeTool("one"), placeTool("two")}
	return []feature{
		messageRow(c, "tool call", func(p *messageParams) {
			p.Tools, p.ToolChoice.OfAny = two[:1], &anthropic.ToolChoiceAnyParam{}
		}, useOf("one")),
		messageRow(c, "named tool choice", func(p *messageParams) {
			p.Tools, p.ToolChoice = two, anthropic.ToolChoiceParamOfTool("two")
		}, useOf("two")),
		ask("tool result", func(ctx context.Context, model string) error {
			p := hello(model)
			p.Tools = two[:1]
			first, err := c.Messages.New(ctx, p)
			if err != nil {
				return err
			}
			p.Messages = append(p.Messages, first.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(uses(first).ID, "Rain", false)))
			m, err := c.Messages.New(ctx, p)
			return has(err, err == nil && strings.Contains(textOf(m), "Rain"), "got %+v", m)
		}),
	}
}

// messageEnds are about the answer's form and its end.
func messageEnds(c anthropic.Client) []feature {
	return []feature{
		messageRow(c, "structured output", func(p *messageParams) { p.OutputConfig.Format.Schema = place },
			func(m *anthropic.Message) bool { return isPlace(textOf(m)) }),
		ask("stop sequence", func(ctx context.Context, model string) error {
			p := hello(model)
			p.StopSequences = []string{"never", "answer"}
			m, err := c.Messages.New(ctx, p)
			if err != nil {
				return err
			}
			// Other dialects do not say which one it was.
			which := m.StopReason == anthropic.StopReasonStopSequence && m.StopSequence == "answer" ||
				m.StopReason == anthropic.StopReasonEndTurn && m.StopSequence == "" && !strings.HasPrefix(model, "anthropic/")
			return must(strings.TrimSpace(textOf(m)) == stopped && which, "got %+v", m)
		}),
		messageRow(c, "sampling parameters", func(p *messageParams) {
			p.Temperature, p.TopP, p.TopK, p.Metadata.UserID = anthropic.Float(0.3), anthropic.Float(0.9), anthropic.Int(5), anthropic.String("u")
		}, says),
		messageRow(c, "length", func(p *messageParams) { p.MaxTokens = 3 },
			func(m *anthropic.Message) bool {
				return textOf(m) != "" && m.StopReason == anthropic.StopReasonMaxTokens
			}),
		messageRow(c, "refusal", func(p *messageParams) {
			p.Messages = []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(forbidden))}
		}, func(m *anthropic.Message) bool { return m.StopReason == anthropic.StopReasonRefusal }),
		ask("refusal stream", func(ctx context.Context, model string) error {
			p := hello(model)
			p.Messages = []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(forbidden))}
			m, err := collectMessage(ctx, c, p)
			return has(err, err == nil && m.StopReason == anthropic.StopReasonRefusal && textOf(m) != "", "got %+v", m)
		}),
		ask("cached usage", func(ctx context.Context, model string) error { return cachesMessage(ctx, c, model) }),
		ask("bad request", func(ctx context.Context, model string) error {
			_, err := c.Messages.New(ctx, hello(model), option.WithJSONSet("messages", 1))
			return failsWith(err, func(e *anthropic.Error) bool {
				return e.StatusCode == 400 && e.Type() == "invalid_request_error" && e.RequestID != ""
			})
		}),
		ask("cancel", func(ctx context.Context, model string) error {
			stream := c.Messages.NewStreaming(ctx, hello(model))
			first := stream.Next()
			return has(errors.Join(stream.Err(), stream.Close()), first, "got no event")
		}),
	}
}

// cachesMessage has a long prompt cached, and read again in the next turn.
func cachesMessage(ctx context.Context, c anthropic.Client, model string) error {
	p := hello(model)
	p.System = []anthropic.TextBlockParam{{Text: longText(), CacheControl: anthropic.NewCacheControlEphemeralParam()}}
	first, err := c.Messages.New(ctx, p)
	if err != nil {
		return err
	}
	p.Messages = append(p.Messages, first.ToParam(), anthropic.NewUserMessage(anthropic.NewTextBlock("Again")))
	m, err := c.Messages.New(ctx, p)
	if err != nil {
		return err
	}
	// Others write to their caches unasked, and do not count it.
	counted := first.Usage.CacheCreationInputTokens > 1000 || !strings.HasPrefix(model, "anthropic/")
	return must(counted && first.Usage.CacheReadInputTokens == 0 && m.Usage.CacheReadInputTokens > 1000 && m.Usage.InputTokens < 1000,
		"got %+v after %+v", m.Usage, first.Usage)
}
