package simulated

import "bifrost/schemas"

// checkClaude refuses what Anthropic's API refuses beside thinking
// (https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking), so that who
// translates for it finds out.
func (r *chatRequest) checkClaude(c *schemas.ChatRequest) *refusal {
	t := c.Thinking
	switch choice := c.ToolChoice; {
	case t.Budget > 0 && t.Budget < 1024:
		return badRequest("thinking.budget_tokens", "the budget is below 1,024 tokens")
	case c.MaxCompletionTokens != nil && t.Budget >= *c.MaxCompletionTokens:
		return badRequest("thinking.budget_tokens", "the budget is not below max_tokens")
	case c.Temperature != nil && *c.Temperature != 1:
		return badRequest("temperature", "temperature may only be 1 beside thinking")
	case c.TopP != nil && *c.TopP < 0.95:
		return badRequest("top_p", "top_p may only be 0.95 to 1 beside thinking")
	case c.TopK != nil:
		return badRequest("top_k", "top_k may not be set beside thinking")
	case choice != nil && (choice.Function != "" || choice.Mode == "required"):
		return badRequest("tool_choice", "a call cannot be forced beside thinking")
	case t.Budget > 0 && calledWithoutThinking(c.Messages):
		return badRequest("messages", "the last call of a tool came without the thinking that led to it; send it back")
	}
	return nil
}

// calledWithoutThinking reports whether the last message of the model calls tools and has
// no thinking.
func calledWithoutThinking(messages []schemas.ChatMessage) bool {
	for i := len(messages) - 1; i >= 0; i-- {
		if m := &messages[i]; m.Role == "assistant" {
			return len(m.ToolCalls) > 0 && len(m.ReasoningDetails) == 0
		}
	}
	return false
}
