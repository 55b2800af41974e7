package clients_test

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/genai"
)

func sealed(p *genai.Part) bool { return len(p.ThoughtSignature) > 0 }

func thoughtful(shown bool) *genai.GenerateContentConfig {
	return &genai.GenerateContentConfig{ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: shown, ThinkingBudget: genai.Ptr[int32](1024)}}
}

// remembersNext makes the next turn after an answer, whose thinking must be known again.
func remembersNext(ctx context.Context, c *genai.Client, model string, answer []*genai.Part, cfg *genai.GenerateContentConfig, more *genai.Part) error {
	r, err := c.Models.GenerateContent(ctx, model, []*genai.Content{genai.Text("Say hello")[0], genai.NewContentFromParts(answer, genai.RoleModel),
		genai.NewContentFromParts([]*genai.Part{more}, genai.RoleUser)}, cfg)
	return has(err, err == nil && remembers.MatchString(r.Text()), "got %+v", r)
}

// contentThinkingFeatures are about what a model thinks before it answers.
func contentThinkingFeatures(c *genai.Client) []feature {
	said := genai.Text("Say hello")
	shown := thoughtful(true)
	hidden := thoughtful(false)
	features := []feature{
		contentRow(c, "thinking", said, shown, func(r *genai.GenerateContentResponse) bool {
			parts := r.Candidates[0].Content.Parts
			return thoughtIn(parts) != "" && spokenIn(parts) != "" && slices.ContainsFunc(parts, sealed)
		}),
		ask("thinking stream", func(ctx context.Context, model string) error {
			whole, err := c.Models.GenerateContent(ctx, model, said, shown)
			if err != nil {
				return err
			}
			want := whole.Candidates[0].Content.Parts
			parts, err := streamedParts(ctx, c, model, said, shown)
			return has(err, thoughtIn(parts) == thoughtIn(want) && spokenIn(parts) == spokenIn(want) && slices.ContainsFunc(parts, sealed), "got %+v", parts)
		}),
		ask("hidden thinking", func(ctx context.Context, model string) error {
			r, err := c.Models.GenerateContent(ctx, model, said, hidden)
			if err != nil {
				return err
			}
			whole := r.Candidates[0].Content.Parts
			parts, err := streamedParts(ctx, c, model, said, hidden)
			if err != nil {
				return err
			}
			if err := must(thoughtIn(whole)+thoughtIn(parts) == "" && r.UsageMetadata.ThoughtsTokenCount > 0, "got %+v, %+v", r, parts); err != nil {
				return err
			}
			return remembersNext(ctx, c, model, whole, hidden, genai.NewPartFromText("Again"))
		}),
		ask("thinking signatures return", func(ctx context.Context, model string) error {
			chat, err := c.Chats.Create(ctx, model, shown, nil)
			if err != nil {
				return err
			}
			if _, err := chat.SendMessage(ctx, genai.Part{Text: "Say hello"}); err != nil {
				return err
			}
			r, err := chat.SendMessage(ctx, genai.Part{Text: "Again"})
			return has(err, err == nil && remembers.MatchString(r.Text()), "got %+v", r)
		}),
	}
	return append(features, contentThinkingTools(c)...)
}

// contentThinkingTools are about thinking beside tools, and how it is counted.
func contentThinkingTools(c *genai.Client) []feature {
	said, shown := genai.Text("Say hello"), thoughtful(true)
	return []feature{
		ask("thinking signatures return with a tool result", func(ctx context.Context, model string) error {
			cfg := *shown
			cfg.Tools = placeFunctions("one")
			parts, err := streamedParts(ctx, c, model, said, &cfg)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(parts, func(p *genai.Part) bool { return p.FunctionCall != nil })
			if i < 0 || thoughtIn(parts) == "" {
				return must(false, "got %+v", parts)
			}
			result := genai.NewPartFromFunctionResponse("one", map[string]any{"output": "Rain"})
			result.FunctionResponse.ID = parts[i].FunctionCall.ID
			return remembersNext(ctx, c, model, parts, &cfg, result)
		}),
		ask("tool result without its thinking", func(ctx context.Context, model string) error {
			cfg := *shown
			cfg.Tools = placeFunctions("one")
			first, err := c.Models.GenerateContent(ctx, model, said, &cfg)
			if err != nil {
				return err
			}
			call := first.FunctionCalls()[0]
			result := genai.NewPartFromFunctionResponse(call.Name, map[string]any{"output": "Rain"})
			result.FunctionResponse.ID = call.ID
			r, err := c.Models.GenerateContent(ctx, model, []*genai.Content{said[0], genai.NewContentFromParts([]*genai.Part{{FunctionCall: call}}, genai.RoleModel),
				genai.NewContentFromParts([]*genai.Part{result}, genai.RoleUser)}, &cfg)
			return has(err, err == nil && strings.Contains(r.Text(), "Rain"), "got %+v", r)
		}),
		ask("thinking beside other parameters", func(ctx context.Context, model string) error {
			cfg := asking(placeFunctions("one"))
			cfg.ThinkingConfig, cfg.Temperature, cfg.TopK, cfg.MaxOutputTokens = shown.ThinkingConfig, genai.Ptr[float32](0.3), genai.Ptr[float32](5), 500
			r, err := c.Models.GenerateContent(ctx, model, said, cfg)
			if err := has(err, err == nil && callOf("one")(r), "got %+v", r); err != nil {
				return err
			}
			little := &genai.GenerateContentConfig{Temperature: cfg.Temperature, ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true, ThinkingBudget: genai.Ptr[int32](100)}}
			r, err = c.Models.GenerateContent(ctx, model, said, little)
			return has(err, err == nil && thoughtIn(r.Candidates[0].Content.Parts) != "", "got %+v", r)
		}),
		contentRow(c, "reasoning usage", said, shown, func(r *genai.GenerateContentResponse) bool {
			u := r.UsageMetadata
			return u.ThoughtsTokenCount > 0 && u.CandidatesTokenCount > 0 && u.TotalTokenCount == u.PromptTokenCount+u.CandidatesTokenCount+u.ThoughtsTokenCount
		}),
	}
}
