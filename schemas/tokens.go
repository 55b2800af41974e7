package schemas

// TokenCount is how many tokens a chat request has, as its provider counts them.
type TokenCount struct {
	InputTokens int `json:"input_tokens"`
}
