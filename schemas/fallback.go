package schemas

// Fallback is a provider and model to ask when the one before did not answer.
type Fallback struct {
	// Provider names a configured provider. Empty means that Model decides, as in
	// ChatRequest.
	Provider string
	Model    string
}
