package schemas

import "encoding/json"

// RerankRequest asks how relevant each document is to a query. The form is Cohere's
// (https://docs.cohere.com/reference/rerank).
type RerankRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model"`

	Query           string   `json:"query"`
	Documents       []string `json:"documents"`
	TopN            *int     `json:"top_n,omitempty"`
	ReturnDocuments *bool    `json:"return_documents,omitempty"`

	Fallbacks []Fallback                 `json:"-"` // as in ChatRequest
	Extra     map[string]json.RawMessage `json:"-"` // as in ChatRequest
}

// RerankResponse has the documents by falling relevance.
type RerankResponse struct {
	ID      string         `json:"id,omitempty"`
	Model   string         `json:"model,omitempty"`
	Results []RerankResult `json:"results"`
	Usage   *Usage         `json:"usage,omitempty"`

	Served Served `json:"-"` // as in ChatResponse
}

// RerankResult is the relevance of the document at Index of the request.
type RerankResult struct {
	Index          int     `json:"index"`
	RelevanceScore float64 `json:"relevance_score"`
	Document       string  `json:"-"` // empty unless it was asked for
}
