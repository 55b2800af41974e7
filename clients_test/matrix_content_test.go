package clients_test

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/genai"
)

// contentRow is a call of generateContent that must be answered: what is said, how it is
// asked for, and what the answer must have.
func contentRow(c *genai.Client, name string, said []*genai.Content, cfg *genai.GenerateContentConfig, ok func(*genai.GenerateContentResponse) bool) feature {
	return ask(name, func(ctx context.Context, model string) error {
		r, err := c.Models.GenerateContent(ctx, model, said, cfg)
		return has(err, err == nil && len(r.Candidates) == 1 && ok(r), "got %+v", r)
	})
}

// streamedParts reads a stream to the parts of its answer.
func streamedParts(ctx context.Context, c *genai.Client, model string, said []*genai.Content, cfg *genai.GenerateContentConfig) (parts []*genai.Part, err error) {
	for r, err := range c.Models.GenerateContentStream(ctx, model, said, cfg) {
		if err != nil {
			return nil, err
		}
		parts = append(parts, r.Candidates[0].Content.Parts...)
	}
	return parts, nil
}

// spokenIn and thoughtIn return what parts say, and what they show of the thinking.
func spokenIn(parts []*genai.Part) (text string) {
	for _, p := range parts {
		if !p.Thought {
			text += p.Text
		}
	}
	return text
}

func thoughtIn(parts []*genai.Part) (text string) {
	for _, p := range parts {
		if p.Thought {
			text += p.Text
		}
	}
	return text
}

func placeFunctions(names ...string) []*genai.Tool {
	var all []*genai.FunctionDeclaration
	for _, name := range names {
		all = append(all, &genai.FunctionDeclaration{Name: name, ParametersJsonSchema: place})
	}
	return []*genai.Tool{{FunctionDeclarations: all}}
}

// asking is a configuration with tools, of which one must be called.
func asking(tools []*genai.Tool, allowed ...string) *genai.GenerateContentConfig {
	return &genai.GenerateContentConfig{Tools: tools, ToolConfig: &genai.ToolConfig{FunctionCallingConfig: &genai.FunctionCallingConfig{
		Mode: genai.FunctionCallingConfigModeAny, AllowedFunctionNames: allowed}}}
}

func callOf(name string) func(*genai.GenerateContentResponse) bool {
	return func(r *genai.GenerateContentResponse) bool {
		made := r.FunctionCalls()
		if len(made) != 1 || made[0].Name != name {
			return false
		}
		_, ok := made[0].Args["city"].(string)
		return ok
	}
}

// contentFeatures are those of generateContent beside the plainest ones.
func contentFeatures(c *genai.Client) []feature {
	return slices.Concat(contentInputs(c), contentTools(c), contentEnds(c))
}

func spoken(r *genai.GenerateContentResponse) bool { return r.Text() != "" }

// contentInputs are about what is asked.
func contentInputs(c *genai.Client) []feature {
	said := genai.Text("Say hello")
	with := func(part *genai.Part) []*genai.Content {
		return []*genai.Content{genai.NewContentFromParts([]*genai.Part{genai.NewPartFromText("What is this?"), part}, genai.RoleUser)}
	}
	counted := func(r *genai.GenerateContentResponse) bool {
		return r.Text() != "" && r.UsageMetadata.PromptTokenCount > 3
	}
	return []feature{
		ask("stream equals whole", func(ctx context.Context, model string) error {
			whole, err := c.Models.GenerateContent(ctx, model, said, nil)
			if err != nil {
				return err
			}
			parts, err := streamedParts(ctx, c, model, said, nil)
			return has(err, spokenIn(parts) == whole.Text(), "got %q, want %q", spokenIn(parts), whole.Text())
		}),
		contentRow(c, "system and developer messages", said, &genai.GenerateContentConfig{SystemInstruction: genai.NewContentFromText("Be brief", genai.RoleUser)}, spoken),
		ask("multi-turn", func(ctx context.Context, model string) error {
			chat, err := c.Chats.Create(ctx, model, nil, []*genai.Content{genai.NewContentFromText("Hi", genai.RoleUser), genai.NewContentFromText("Hello", genai.RoleModel)})
			if err != nil {
				return err
			}
			r, err := chat.SendMessage(ctx, genai.Part{Text: "Again"})
			return has(err, err == nil && strings.Contains(r.Text(), "Again"), "got %+v", r)
		}),
		contentRow(c, "image in", with(genai.NewPartFromBytes(pixelBytes, "image/png")), nil, counted),
		contentRow(c, "document in", with(genai.NewPartFromBytes([]byte(pdf), "application/pdf")), nil, counted),
	}
}

// contentTools are about tools.
func contentTools(c *genai.Client) []feature {
	said := genai.Text("Say hello")
	return []feature{
		contentRow(c, "tool call", said, asking(placeFunctions("one")), callOf("one")),
		contentRow(c, "named tool choice", said, asking(placeFunctions("one", "two"), "two"), callOf("two")),
		ask("tool result", func(ctx context.Context, model string) error {
			cfg := &genai.GenerateContentConfig{Tools: placeFunctions("one")}
			first, err := c.Models.GenerateContent(ctx, model, said, cfg)
			if err != nil {
				return err
			}
			call := first.FunctionCalls()[0]
			result := genai.NewPartFromFunctionResponse(call.Name, map[string]any{"output": "Rain"})
			result.FunctionResponse.ID = call.ID
			r, err := c.Models.GenerateContent(ctx, model, []*genai.Content{said[0], first.Candidates[0].Content,
				genai.NewContentFromParts([]*genai.Part{result}, genai.RoleUser)}, cfg)
			return has(err, err == nil && strings.Contains(r.Text(), "Rain"), "got %+v", r)
		}),
	}
}

// contentEnds are about the answer's form and its end.
func contentEnds(c *genai.Client) []feature {
	said := genai.Text("Say hello")
	ended := func(reason genai.FinishReason, text string) func(*genai.GenerateContentResponse) bool {
		return func(r *genai.GenerateContentResponse) bool {
			return r.Candidates[0].FinishReason == reason && (text == "" || strings.TrimSpace(r.Text()) == text)
		}
	}
	return []feature{
		contentRow(c, "structured output", said, &genai.GenerateContentConfig{ResponseMIMEType: "application/json", ResponseJsonSchema: place},
			func(r *genai.GenerateContentResponse) bool { return isPlace(r.Text()) }),
		contentRow(c, "stop sequence", said, &genai.GenerateContentConfig{StopSequences: []string{"never", "answer"}}, ended(genai.FinishReasonStop, stopped)),
		contentRow(c, "sampling parameters", said, &genai.GenerateContentConfig{Temperature: genai.Ptr[float32](0.3), TopP: genai.Ptr[float32](0.9),
			TopK: genai.Ptr[float32](5), Seed: genai.Ptr[int32](7), PresencePenalty: genai.Ptr[float32](0.1), FrequencyPenalty: genai.Ptr[float32](0.1)}, spoken),
		contentRow(c, "length", said, &genai.GenerateContentConfig{MaxOutputTokens: 3}, ended(genai.FinishReasonMaxTokens, "")),
		contentRow(c, "refusal", genai.Text(forbidden), nil, ended(genai.FinishReasonSafety, "")),
		ask("refusal stream", func(ctx context.Context, model string) error {
			finish := genai.FinishReason("")
			for r, err := range c.Models.GenerateContentStream(ctx, model, genai.Text(forbidden), nil) {
				if err != nil {
					return err
				}
				finish = r.Candidates[0].FinishReason
			}
			return must(finish == genai.FinishReasonSafety, "got %s", finish)
		}),
		ask("cached usage", func(ctx context.Context, model string) error {
			long := genai.Text(longText())
			first, err := c.Models.GenerateContent(ctx, model, long, nil)
			if err != nil {
				return err
			}
			r, err := c.Models.GenerateContent(ctx, model, long, nil)
			return has(err, err == nil && first.UsageMetadata.CachedContentTokenCount == 0 && r.UsageMetadata.CachedContentTokenCount > 1000, "got %+v", r)
		}),
		ask("bad request", func(ctx context.Context, model string) error {
			_, err := c.Models.GenerateContent(ctx, model, []*genai.Content{genai.NewContentFromText("a", "nobody")}, nil)
			return failsWith(err, func(e genai.APIError) bool { return e.Code == 400 && e.Status == "INVALID_ARGUMENT" })
		}),
		ask("cancel", func(ctx context.Context, model string) error {
			for r, err := range c.Models.GenerateContentStream(ctx, model, said, nil) {
				return has(err, err == nil && len(r.Candidates) == 1, "got %+v", r)
			}
			return must(false, "got no event")
		}),
	}
}
