package schemas

// Thinking says whether and how much a model reasons before its answer.
type Thinking struct {
	// Off turns it off; the other fields mean nothing then.
	Off bool
	// Budget is the most tokens that it may take. Zero leaves it to the provider, or
	// to ChatRequest.ReasoningEffort.
	Budget int
	// Hidden keeps the thinking out of the answer.
	Hidden bool
}

// The formats of ReasoningDetail: whose model can take it back.
const (
	FormatAnthropic  = "anthropic-claude-v1"
	FormatCohere     = "cohere-v2"
	FormatGemini     = "google-gemini-v1"
	FormatPerplexity = "perplexity-v1"
	FormatResponses  = "openai-responses-v1"
)

// The types of ReasoningDetail.
const (
	ReasoningText      = "reasoning.text"      // Text, and Signature if there is one
	ReasoningSummary   = "reasoning.summary"   // Summary
	ReasoningEncrypted = "reasoning.encrypted" // Data; of what cannot be read
)

// ReasoningDetail is one piece of a model's thinking. The form is OpenRouter's
// (https://openrouter.ai/docs/use-cases/reasoning-tokens).
type ReasoningDetail struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
	// Summary is the text of a ReasoningSummary.
	Summary   string `json:"summary,omitempty"`
	Signature string `json:"signature,omitempty"`
	Data      string `json:"data,omitempty"`
	// ID is the id of the tool call, or of the reasoning item, that it belongs to.
	ID     string `json:"id,omitempty"`
	Format string `json:"format,omitempty"`
	Index  int    `json:"index"`
}
