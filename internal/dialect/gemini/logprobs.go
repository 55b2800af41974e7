package gemini

import (
	"encoding/json"

	"bifrost/schemas"
)

// logprobsWire has the probability of each token, and of what else was likely in its
// place.
type logprobsWire struct {
	Chosen []tokenWire `json:"chosenCandidates,omitempty"`
	Top    []topWire   `json:"topCandidates,omitempty"`
}

type topWire struct {
	Candidates []tokenWire `json:"candidates,omitempty"`
}

type tokenWire struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logProbability"`
}

// tokenProbability is a token in the canonical form, which is OpenAI's.
type tokenProbability struct {
	Token   string             `json:"token"`
	Logprob float64            `json:"logprob"`
	Bytes   []int              `json:"bytes"`
	Top     []tokenProbability `json:"top_logprobs,omitzero"`
}

type probabilities struct {
	Content []tokenProbability `json:"content"`
}

// canonical returns the probabilities in the canonical form, or nil.
func (w *logprobsWire) canonical() json.RawMessage {
	if w == nil || len(w.Chosen) == 0 {
		return nil
	}
	out := probabilities{Content: make([]tokenProbability, len(w.Chosen))}
	for i, t := range w.Chosen {
		p := probabilityOf(t)
		p.Top = []tokenProbability{}
		if i < len(w.Top) {
			for _, other := range w.Top[i].Candidates {
				p.Top = append(p.Top, probabilityOf(other))
			}
		}
		out.Content[i] = p
	}
	text, err := json.Marshal(out)
	if err != nil { // texts and numbers that were read as json
		panic("bug: " + err.Error())
	}
	return text
}

func probabilityOf(t tokenWire) tokenProbability {
	p := tokenProbability{Token: t.Token, Logprob: t.Logprob, Bytes: []int{}}
	for _, b := range []byte(t.Token) {
		p.Bytes = append(p.Bytes, int(b))
	}
	return p
}

// logprobsOf returns probabilities as the dialect has them; nil if they cannot be read.
func logprobsOf(given json.RawMessage) *logprobsWire {
	var in probabilities
	if len(given) == 0 || json.Unmarshal(given, &in) != nil || len(in.Content) == 0 {
		return nil
	}
	out := &logprobsWire{}
	for _, t := range in.Content {
		out.Chosen = append(out.Chosen, tokenWire{t.Token, t.Logprob})
		var top topWire
		for _, other := range t.Top {
			top.Candidates = append(top.Candidates, tokenWire{other.Token, other.Logprob})
		}
		out.Top = append(out.Top, top)
	}
	return out
}

// wantsLogprobs reports whether probabilities are asked for.
func wantsLogprobs(req *schemas.ChatRequest) bool {
	return req.Logprobs != nil && *req.Logprobs
}
