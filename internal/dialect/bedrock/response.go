package bedrock

import (
	"encoding/json"
	"net/http"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// decodeChat reads the answer of Converse.
func decodeChat(req *schemas.Request, header http.Header, body []byte) (*schemas.ChatResponse, error) {
	var in struct {
		Output struct {
			Message *message `json:"message"`
		} `json:"output"`
		StopReason string `json:"stopReason"`
		Usage      *usage `json:"usage"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Output.Message == nil {
		return nil, dialect.BadAnswer("the answer is not one of Converse; check network_config.base_url and the provider's type")
	}
	finish, err := finishReason(in.StopReason)
	if err != nil {
		return nil, err
	}
	return &schemas.ChatResponse{ID: header.Get("X-Amzn-Requestid"), Object: "chat.completion", Model: req.Model,
		Choices: []schemas.ChatChoice{{Message: in.Output.Message.canonical(), FinishReason: finish}},
		Usage:   in.Usage.canonical()}, nil
}

// canonical returns an answer's message.
func (m *message) canonical() schemas.ChatMessage {
	out := schemas.ChatMessage{Role: "assistant"}
	text, spoke := "", false
	for i, b := range m.Content {
		switch {
		case b.Text != nil:
			text += *b.Text
			spoke = true
		case b.ToolUse != nil:
			arguments := string(b.ToolUse.Input)
			if arguments == "" || arguments == "null" {
				arguments = "{}"
			}
			out.ToolCalls = append(out.ToolCalls, schemas.ToolCall{ID: b.ToolUse.ToolUseID, Type: "function",
				Function: schemas.FunctionCall{Name: b.ToolUse.Name, Arguments: arguments}})
		case b.Reasoning != nil:
			b.Reasoning.into(&out, i)
		}
	}
	if spoke || len(out.ToolCalls) == 0 {
		out.Content = schemas.TextContent(text)
	}
	return out
}

// into adds a piece of thinking to a message.
func (r *reasoning) into(out *schemas.ChatMessage, index int) {
	if r.RedactedContent != "" {
		out.ReasoningDetails = append(out.ReasoningDetails, redacted(r.RedactedContent, index))
	}
	if t := r.ReasoningText; t != nil {
		out.Reasoning += t.Text
		if t.Signature != "" {
			out.ReasoningDetails = append(out.ReasoningDetails, schemas.ReasoningDetail{Type: schemas.ReasoningText,
				Text: t.Text, Signature: t.Signature, Format: schemas.FormatAnthropic, Index: index})
		}
	}
}

func redacted(data string, index int) schemas.ReasoningDetail {
	return schemas.ReasoningDetail{Type: schemas.ReasoningEncrypted, Data: data, Format: schemas.FormatAnthropic, Index: index}
}

// finishReason maps a stop reason. One that means that the model failed is an error.
func finishReason(reason string) (string, error) {
	switch reason {
	case "end_turn", "stop_sequence":
		return "stop", nil
	case "tool_use":
		return "tool_calls", nil
	case "max_tokens", "model_context_window_exceeded":
		return "length", nil
	case "guardrail_intervened", "content_filtered":
		return "content_filter", nil
	case "malformed_model_output", "malformed_tool_use":
		return "", dialect.BadAnswer("the model's output was malformed; try again")
	case "":
		return "", dialect.BadAnswer("the answer has no stop reason; check network_config.base_url and the provider's type")
	}
	return "stop", nil
}

// canonical returns the counts with the tokens of the cache among the prompt's.
func (u *usage) canonical() *schemas.Usage {
	if u == nil {
		return nil
	}
	out := &schemas.Usage{PromptTokens: u.InputTokens + u.CacheReadInputTokens + u.CacheWriteInputTokens, CompletionTokens: u.OutputTokens}
	out.TotalTokens = out.PromptTokens + out.CompletionTokens
	if u.CacheReadInputTokens != 0 || u.CacheWriteInputTokens != 0 {
		out.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: u.CacheReadInputTokens, CacheWriteTokens: u.CacheWriteInputTokens}
	}
	return out
}

// decodeCount reads the answer of CountTokens.
func decodeCount(body []byte) (*schemas.TokenCount, error) {
	var in struct {
		InputTokens *int `json:"inputTokens"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.InputTokens == nil {
		return nil, dialect.BadAnswer("the answer is not a count of tokens; check network_config.base_url and the provider's type")
	}
	return &schemas.TokenCount{InputTokens: *in.InputTokens}, nil
}
