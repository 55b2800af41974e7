package clients_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func weatherTool(name string) openai.ChatCompletionToolUnionParam {
	return openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{Name: name, Parameters: openai.FunctionParameters{
		"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}}})
}

func openaiFeatures(base string, via *http.Client) []feature {
	c := openai.NewClient(option.WithBaseURL(base+"/v1"), option.WithHTTPClient(via), option.WithAPIKey("none"), option.WithMaxRetries(0))
	params := greeting
	withTools := func(model string) openai.ChatCompletionNewParams {
		p := params(model)
		p.Tools = []openai.ChatCompletionToolUnionParam{weatherTool("one"), weatherTool("two")}
		p.ToolChoice = openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: openai.String("required")}
		return p
	}
	called := func(r openai.ChatCompletion) bool {
		if len(r.Choices) != 1 || len(r.Choices[0].Message.ToolCalls) != 2 {
			return false
		}
		second := r.Choices[0].Message.ToolCalls[1].Function
		return second.Name == "two" && json.Valid([]byte(second.Arguments)) && r.Choices[0].FinishReason == "tool_calls"
	}
	plain := []feature{
		{"chat", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Chat.Completions.New(ctx, params(model))
			return has(err, err == nil && r.Choices[0].Message.Content != "" && r.Choices[0].FinishReason == "stop", "got %+v", r)
		}},
		{"stream", func(ctx context.Context, model string, _ plan) error {
			r, err := collectChat(ctx, c, params(model))
			return has(err, len(r.Choices) == 1 && r.Choices[0].Message.Content != "" && r.Choices[0].FinishReason == "stop", "got %+v", r)
		}},
		{"parallel tool calls", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Chat.Completions.New(ctx, withTools(model))
			return has(err, err == nil && called(*r), "got %+v", r)
		}},
		{"streamed tool calls", func(ctx context.Context, model string, _ plan) error {
			r, err := collectChat(ctx, c, withTools(model))
			return has(err, called(r), "got %+v", r)
		}},
	}
	rest := []feature{
		{"embeddings", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: model, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}}})
			return has(err, err == nil && len(r.Data) == 2 && len(r.Data[1].Embedding) > 0, "got %+v", r)
		}},
		{"models", func(ctx context.Context, model string, _ plan) error {
			list := c.Models.ListAutoPaging(ctx)
			found := false
			for list.Next() {
				found = found || list.Current().ID == model
			}
			return has(list.Err(), found, "%s is not listed", model)
		}},
		{"one model", func(ctx context.Context, model string, _ plan) error {
			m, err := c.Models.Get(ctx, model)
			return has(err, err == nil && m.ID == model, "got %+v", m)
		}},
		{"unknown model", func(ctx context.Context, _ string, _ plan) error {
			_, err := c.Chat.Completions.New(ctx, params("nobody/nothing"))
			return failsWith(err, func(e *openai.Error) bool { return e.StatusCode == 404 })
		}},
		{"rate limit", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Chat.Completions.New(ctx, params(p.Limited))
			return failsWith(err, func(e *openai.Error) bool { return e.StatusCode == 429 && e.Response.Header.Get("Retry-After") != "" })
		}},
		{"failure", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Chat.Completions.New(ctx, params(p.Failing))
			return failsWith(err, func(e *openai.Error) bool { return e.StatusCode >= 500 })
		}},
	}
	return slices.Concat(plain, chatFeatures(c), chatThinkingFeatures(c), mediaFeatures(c), rest, responsesFeatures(c), responsesThinkingFeatures(c))
}
