package cohere

import (
	"encoding/json"
	"maps"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// rerankExtras are the fields of the dialect that have no canonical form: an Extra of
// their name is sent as it is.
var rerankExtras = []string{"max_tokens_per_doc", "priority"}

type rerankWire struct {
	Model     string   `json:"model"`
	Query     string   `json:"query"`
	Documents []string `json:"documents"`
	TopN      *int     `json:"top_n,omitempty"`
}

// EncodeRerank writes req for model. That the documents are to be given back is not
// sent: they are put in when the answer is read.
func EncodeRerank(req *schemas.RerankRequest, model string) (body []byte, dropped []string, err error) {
	extra := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(req.Extra)) {
		if slices.Contains(rerankExtras, name) {
			extra[name] = req.Extra[name]
			continue
		}
		dropped = append(dropped, name)
	}
	if body, err = marshal(rerankWire{Model: model, Query: req.Query, Documents: req.Documents, TopN: req.TopN}); err != nil {
		return nil, nil, err
	}
	body, err = dialect.Merge(body, extra)
	return body, dropped, err
}

// decodeRerank reads the answer to req. What is billed, search units, has no canonical
// form.
func decodeRerank(data []byte, model string, req *schemas.RerankRequest) (*schemas.RerankResponse, error) {
	var in struct {
		ID      string `json:"id"`
		Results []struct {
			Index          int     `json:"index"`
			RelevanceScore float64 `json:"relevance_score"`
		} `json:"results"`
		Meta struct {
			Tokens *tokensWire `json:"tokens"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Results == nil {
		return nil, notThe("a ranking")
	}
	usage := &usageWire{Tokens: in.Meta.Tokens}
	out := &schemas.RerankResponse{ID: in.ID, Model: model, Usage: usage.canonical(), Results: make([]schemas.RerankResult, len(in.Results))}
	for i, r := range in.Results {
		out.Results[i] = schemas.RerankResult{Index: r.Index, RelevanceScore: r.RelevanceScore}
		if req.ReturnDocuments != nil && *req.ReturnDocuments && r.Index >= 0 && r.Index < len(req.Documents) {
			out.Results[i].Document = req.Documents[r.Index]
		}
	}
	return out, nil
}
