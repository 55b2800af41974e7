package schemas

import "encoding/json"

// ModerationRequest asks whether content may be harmful: OpenAI's moderations API.
type ModerationRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model,omitempty"`

	// Input is a string, an array of strings, or an array of parts, as JSON.
	Input json.RawMessage `json:"input"`

	Fallbacks []Fallback                 `json:"-"` // as in ChatRequest
	Extra     map[string]json.RawMessage `json:"-"` // as in ChatRequest
}

// ModerationResponse has one result per input.
type ModerationResponse struct {
	ID      string             `json:"id"`
	Model   string             `json:"model"`
	Results []ModerationResult `json:"results"`

	Served Served `json:"-"` // as in ChatResponse
}

// ModerationResult is the verdict on one input, by category.
type ModerationResult struct {
	Flagged        bool               `json:"flagged"`
	Categories     map[string]bool    `json:"categories"`
	CategoryScores map[string]float64 `json:"category_scores"`
}
