package clients_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

// chatRow is a chat completion that must succeed: what is asked for beside a greeting, and
// what the answer must have.
func chatRow(c openai.Client, name string, with func(*openai.ChatCompletionNewParams), ok func(*openai.ChatCompletion) bool) feature {
	return ask(name, func(ctx context.Context, model string) error {
		p := greeting(model)
		with(&p)
		r, err := c.Chat.Completions.New(ctx, p)
		return has(err, err == nil && len(r.Choices) == 1 && ok(r), "got %+v", r)
	})
}

func greeting(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say hello")}}
}

// collectChat reads a stream to the completion that it is.
func collectChat(ctx context.Context, c openai.Client, p openai.ChatCompletionNewParams) (openai.ChatCompletion, error) {
	var acc openai.ChatCompletionAccumulator
	stream := c.Chat.Completions.NewStreaming(ctx, p)
	for stream.Next() {
		acc.AddChunk(stream.Current())
	}
	return acc.ChatCompletion, stream.Err()
}

func speaks(r *openai.ChatCompletion) bool { return r.Choices[0].Message.Content != "" }

func calls(r *openai.ChatCompletion, name string) bool {
	made := r.Choices[0].Message.ToolCalls
	return len(made) > 0 && made[0].Function.Name == name && isPlace(made[0].Function.Arguments) && r.Choices[0].FinishReason == "tool_calls"
}

type chatParams = openai.ChatCompletionNewParams

// chatFeatures are those of chat completions beside the plainest ones.
func chatFeatures(c openai.Client) []feature {
	return slices.Concat(chatInputs(c), chatTools(c), chatEnds(c))
}

// chatInputs are about what is asked.
func chatInputs(c openai.Client) []feature {
	user := func(parts ...openai.ChatCompletionContentPartUnionParam) []openai.ChatCompletionMessageParamUnion {
		return []openai.ChatCompletionMessageParamUnion{openai.UserMessage(append([]openai.ChatCompletionContentPartUnionParam{openai.TextContentPart("What is this?")}, parts...))}
	}
	return []feature{
		ask("stream with usage", func(ctx context.Context, model string) error {
			p := greeting(model)
			p.StreamOptions.IncludeUsage = openai.Bool(true)
			r, err := collectChat(ctx, c, p)
			return has(err, r.Usage.CompletionTokens > 0, "got %+v", r.Usage)
		}),
		ask("stream equals whole", func(ctx context.Context, model string) error {
			whole, err := c.Chat.Completions.New(ctx, greeting(model))
			if err != nil {
				return err
			}
			r, err := collectChat(ctx, c, greeting(model))
			return has(err, err == nil && r.Choices[0].Message.Content == whole.Choices[0].Message.Content, "got %+v, want %+v", r, whole)
		}),
		chatRow(c, "system and developer messages", func(p *chatParams) {
			p.Messages = append([]openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief"), openai.DeveloperMessage("Be kind")}, p.Messages...)
		}, speaks),
		chatRow(c, "multi-turn", func(p *chatParams) {
			p.Messages = append(p.Messages, openai.AssistantMessage("Hello"), openai.UserMessage("Again"))
		}, func(r *openai.ChatCompletion) bool { return strings.Contains(r.Choices[0].Message.Content, "Again") }),
		chatRow(c, "image in", func(p *chatParams) {
			p.Messages = user(openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64," + pixel}))
		}, func(r *openai.ChatCompletion) bool { return speaks(r) && r.Usage.PromptTokens > 3 }),
		chatRow(c, "document in", func(p *chatParams) {
			p.Messages = user(openai.FileContentPart(openai.ChatCompletionContentPartFileFileParam{Filename: openai.String("a.pdf"),
				FileData: openai.String("data:application/pdf;base64," + pdfBase64)}))
		}, func(r *openai.ChatCompletion) bool { return speaks(r) && r.Usage.PromptTokens > 3 }),
	}
}

// chatTools are about tools.
func chatTools(c openai.Client) []feature {
	two := []openai.ChatCompletionToolUnionParam{weatherTool("one"), weatherTool("two")}
	return []feature{
		chatRow(c, "tool call", func(p *chatParams) {
			p.Tools, p.ToolChoice.OfAuto = two[:1], openai.String("required")
		}, func(r *openai.ChatCompletion) bool { return calls(r, "one") }),
		chatRow(c, "named tool choice", func(p *chatParams) {
			p.Tools = two
			p.ToolChoice = openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: "two"})
		}, func(r *openai.ChatCompletion) bool {
			return calls(r, "two") && len(r.Choices[0].Message.ToolCalls) == 1
		}),
		ask("tool result", func(ctx context.Context, model string) error {
			p := greeting(model)
			p.Tools = two[:1]
			first, err := c.Chat.Completions.New(ctx, p)
			if err != nil {
				return err
			}
			m := first.Choices[0].Message
			p.Messages = append(p.Messages, m.ToParam(), openai.ToolMessage("Rain", m.ToolCalls[0].ID))
			r, err := c.Chat.Completions.New(ctx, p)
			return has(err, err == nil && strings.Contains(r.Choices[0].Message.Content, "Rain"), "got %+v", r)
		}),
	}
}

// chatEnds are about the answer's form and its end.
func chatEnds(c openai.Client) []feature {
	return []feature{
		chatRow(c, "structured output", func(p *chatParams) {
			p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
				Name: "place", Strict: openai.Bool(true), Schema: place}}
		}, func(r *openai.ChatCompletion) bool { return isPlace(r.Choices[0].Message.Content) }),
		chatRow(c, "stop sequence", func(p *chatParams) {
			p.Stop.OfStringArray = []string{"never", "answer"}
		}, func(r *openai.ChatCompletion) bool {
			return strings.TrimSpace(r.Choices[0].Message.Content) == stopped && r.Choices[0].FinishReason == "stop"
		}),
		chatRow(c, "sampling parameters", func(p *chatParams) {
			p.Temperature, p.TopP, p.Seed, p.User = openai.Float(0.3), openai.Float(0.9), openai.Int(7), openai.String("u")
			p.PresencePenalty, p.FrequencyPenalty = openai.Float(0.1), openai.Float(0.1)
		}, speaks),
		chatRow(c, "length", func(p *chatParams) { p.MaxCompletionTokens = openai.Int(3) },
			func(r *openai.ChatCompletion) bool { return speaks(r) && r.Choices[0].FinishReason == "length" }),
		chatRow(c, "refusal", func(p *chatParams) {
			p.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage(forbidden)}
		},
			func(r *openai.ChatCompletion) bool {
				return r.Choices[0].Message.Refusal != "" || r.Choices[0].FinishReason == "content_filter"
			}),
		ask("refusal stream", func(ctx context.Context, model string) error {
			r, err := collectChat(ctx, c, openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(forbidden)}})
			return has(err, err == nil && (r.Choices[0].Message.Refusal != "" || r.Choices[0].FinishReason == "content_filter"), "got %+v", r)
		}),
		ask("cached usage", func(ctx context.Context, model string) error { return cachesChat(ctx, c, model) }),
		ask("bad request", func(ctx context.Context, model string) error {
			_, err := c.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{Model: model}, option.WithJSONSet("messages", "none"))
			return failsWith(err, func(e *openai.Error) bool {
				return e.StatusCode == 400 && e.Type == "invalid_request_error" && e.Response.Header.Get("X-Request-Id") != ""
			})
		}),
		ask("cancel", func(ctx context.Context, model string) error {
			stream := c.Chat.Completions.NewStreaming(ctx, greeting(model))
			first := stream.Next()
			return has(errors.Join(stream.Err(), stream.Close()), first, "got no chunk")
		}),
	}
}

// cachesChat has a long prompt cached, and read again in the next turn. The marker is
// OpenRouter's, for providers that want one.
func cachesChat(ctx context.Context, c openai.Client, model string) error {
	rules := openai.ChatCompletionContentPartTextParam{Text: longText()}
	rules.SetExtraFields(map[string]any{"cache_control": map[string]string{"type": "ephemeral"}})
	p := greeting(model)
	p.Messages = append([]openai.ChatCompletionMessageParamUnion{openai.SystemMessage([]openai.ChatCompletionContentPartTextParam{rules})}, p.Messages...)
	first, err := c.Chat.Completions.New(ctx, p)
	if err != nil {
		return err
	}
	p.Messages = append(p.Messages, first.Choices[0].Message.ToParam(), openai.UserMessage("Again"))
	r, err := c.Chat.Completions.New(ctx, p)
	if err != nil {
		return err
	}
	read := r.Usage.PromptTokensDetails.CachedTokens
	return must(first.Usage.PromptTokensDetails.CachedTokens == 0 && read > 1000 && read < r.Usage.PromptTokens, "got %+v after %+v", r.Usage, first.Usage)
}
