package schemas

import "encoding/json"

// EmbeddingRequest asks for one vector per input.
type EmbeddingRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model"`

	Input      Strings `json:"input"`
	Dimensions *int    `json:"dimensions,omitempty"`
	User       string  `json:"user,omitempty"`

	Fallbacks []Fallback `json:"-"` // as in ChatRequest

	// Extra holds further top-level fields, sent as they are.
	Extra map[string]json.RawMessage `json:"-"`
}

// EmbeddingResponse has the vectors in the order in which the provider sent them,
// which is mostly that of the inputs; Index says which input each belongs to.
type EmbeddingResponse struct {
	Object string      `json:"object"`
	Data   []Embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  *Usage      `json:"usage,omitempty"`

	Served Served `json:"-"` // as in ChatResponse
}

// Embedding is the vector of the input at Index.
type Embedding struct {
	Object    string    `json:"object"`
	Index     int       `json:"index"`
	Embedding []float64 `json:"embedding"`
}

// ListModelsRequest asks a provider for its models. Provider is required.
type ListModelsRequest struct {
	Provider string
}

// ModelList is a provider's models.
type ModelList struct {
	Object string  `json:"object"`
	Data   []Model `json:"data"`
}

// Model is one entry of a model list.
type Model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"` // Unix seconds; 0 if unknown
	OwnedBy string `json:"owned_by"`

	// ContextLength is how many tokens the model takes; 0 if unknown.
	ContextLength int `json:"context_length,omitempty"`
	// Files says what a server that runs models itself has of this one; nil if unknown.
	Files *ModelFiles `json:"files,omitempty"`
}

// ModelFiles describes the files of a model.
type ModelFiles struct {
	Size          int64  `json:"size"`                         // bytes
	Format        string `json:"format,omitempty"`             // "gguf"
	Family        string `json:"family,omitempty"`             // "llama"
	ParameterSize string `json:"parameter_size,omitempty"`     // "7.6B"
	Quantization  string `json:"quantization_level,omitempty"` // "Q4_K_M"
}
