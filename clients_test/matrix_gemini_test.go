package clients_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"google.golang.org/genai"
)

func geminiFeatures(t *testing.T, base string, via *http.Client) []feature {
	c, err := genai.NewClient(t.Context(), &genai.ClientConfig{APIKey: "none", Backend: genai.BackendGeminiAPI, HTTPClient: via,
		HTTPOptions: genai.HTTPOptions{BaseURL: base + "/genai"}})
	if err != nil {
		t.Fatal(err)
	}
	hello := genai.Text("Say hello")
	schema := &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}, Required: []string{"city"}}
	withTools := &genai.GenerateContentConfig{
		Tools:      []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: "one", Parameters: schema}, {Name: "two", Parameters: schema}}}},
		ToolConfig: &genai.ToolConfig{FunctionCallingConfig: &genai.FunctionCallingConfig{Mode: genai.FunctionCallingConfigModeAny}}}
	plain := []feature{
		{"chat", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Models.GenerateContent(ctx, model, hello, nil)
			return has(err, err == nil && r.Text() != "" && r.Candidates[0].FinishReason == genai.FinishReasonStop && r.UsageMetadata.TotalTokenCount > 0, "got %+v", r)
		}},
		{"stream", func(ctx context.Context, model string, _ plan) error {
			text, finish := "", genai.FinishReason("")
			for r, err := range c.Models.GenerateContentStream(ctx, model, hello, nil) {
				if err != nil {
					return err
				}
				text += r.Text()
				finish = r.Candidates[0].FinishReason
			}
			return must(text != "" && finish == genai.FinishReasonStop, "got %q, %s", text, finish)
		}},
		{"parallel tool calls", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Models.GenerateContent(ctx, model, hello, withTools)
			return has(err, err == nil && len(r.FunctionCalls()) == 2 && r.FunctionCalls()[1].Name == "two", "got %+v", r)
		}},
		{"streamed tool calls", func(ctx context.Context, model string, _ plan) error {
			var calls []*genai.FunctionCall
			for r, err := range c.Models.GenerateContentStream(ctx, model, hello, withTools) {
				if err != nil {
					return err
				}
				calls = append(calls, r.FunctionCalls()...)
			}
			return must(len(calls) == 2 && calls[1].Name == "two" && calls[1].Args["city"] != nil, "got %+v", calls)
		}},
	}
	rest := []feature{
		ask("at the gateway's root", func(ctx context.Context, model string) error { return atTheRoot(ctx, model, base, via) }),
		{"embeddings", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Models.EmbedContent(ctx, model, []*genai.Content{hello[0], hello[0]}, nil)
			return has(err, err == nil && len(r.Embeddings) == 2 && len(r.Embeddings[1].Values) > 0, "got %+v", r)
		}},
		{"count tokens", func(ctx context.Context, model string, _ plan) error {
			r, err := c.Models.CountTokens(ctx, model, hello, nil)
			return has(err, err == nil && r.TotalTokens > 0, "got %+v", r)
		}},
		ask("models", func(ctx context.Context, model string) error { return listsModel(ctx, c, model) }),
		ask("one model", func(ctx context.Context, model string) error {
			m, err := c.Models.Get(ctx, model, nil)
			return has(err, err == nil && m.Name == "models/"+model, "got %+v", m)
		}),
		{"unknown model", func(ctx context.Context, _ string, _ plan) error {
			_, err := c.Models.GenerateContent(ctx, "nobody/nothing", hello, nil)
			return failsWith(err, func(e genai.APIError) bool { return e.Code == 404 })
		}},
		{"rate limit", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Models.GenerateContent(ctx, p.Limited, hello, nil)
			return failsWith(err, func(e genai.APIError) bool { return e.Code == 429 })
		}},
		{"failure", func(ctx context.Context, _ string, p plan) error {
			_, err := c.Models.GenerateContent(ctx, p.Failing, hello, nil)
			return failsWith(err, func(e genai.APIError) bool { return e.Code >= 500 })
		}},
	}
	return slices.Concat(plain, contentFeatures(c), contentThinkingFeatures(c), rest)
}

// atTheRoot asks at the gateway's own address, where the SDK's newest versions ask below
// /v1 for models.
func atTheRoot(ctx context.Context, model, base string, via *http.Client) error {
	root, err := genai.NewClient(ctx, &genai.ClientConfig{APIKey: "none", Backend: genai.BackendGeminiAPI, HTTPClient: via, HTTPOptions: genai.HTTPOptions{BaseURL: base}})
	if err != nil {
		return err
	}
	r, err := root.Models.GenerateContent(ctx, model, genai.Text("Say hello"), nil)
	if err := has(err, err == nil && r.Text() != "", "got %+v", r); err != nil {
		return err
	}
	return listsModel(ctx, root, model)
}

// listsModel returns nil if a model is listed.
func listsModel(ctx context.Context, c *genai.Client, model string) error {
	for m, err := range c.Models.All(ctx) {
		if err != nil || m.Name == "models/"+model {
			return err
		}
	}
	return must(false, "%s is not listed", model)
}
