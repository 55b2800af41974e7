package observe

import (
	"strings"

	"bifrost/schemas"
)

// Price is what a model costs, in US dollars per million tokens.
type Price struct {
	Input       float64
	CachedInput float64 // of input that was read from a cache; zero: as Input
	Output      float64
}

// SetPrices replaces the prices, which are by "provider/model". They apply to requests
// that end from now on; the map is not kept.
func (r *Recorder) SetPrices(prices map[string]Price) {
	next := make(map[model]Price, len(prices))
	for name, price := range prices {
		provider, name, _ := strings.Cut(name, "/")
		next[model{provider, name}] = price
	}
	r.prices.Store(&next)
}

// SetModels replaces the models that are counted by their own name, beside those with a
// price and those that the client's keys name. It is for the targets of aliases and of
// fallbacks, by "provider/model".
func (r *Recorder) SetModels(names []string) {
	next := make(map[model]struct{}, len(names))
	for _, name := range names {
		provider, name, _ := strings.Cut(name, "/")
		next[model{provider, name}] = struct{}{}
	}
	r.config.mu.Lock()
	r.config.models = next
	r.config.mu.Unlock()
	r.nameModels(nil)
}

// otherModel stands for all models that nobody has named in the configuration.
const otherModel = "other"

// label is a model's name as a label: its own only if the operator has written it.
func (r *Recorder) label(m model) string {
	if _, ok := (*r.prices.Load())[m]; ok {
		return m.name
	}
	if _, ok := (*r.named.Load())[m]; ok {
		return m.name
	}
	return otherModel
}

// tokens are counts of tokens, each in one of them.
type tokens struct{ input, cached, output uint64 }

func tokensOf(u *schemas.Usage) tokens {
	if u == nil {
		return tokens{}
	}
	t := tokens{input: count(u.PromptTokens), output: count(u.CompletionTokens)}
	if d := u.PromptTokensDetails; d != nil {
		t.cached = min(count(d.CachedTokens), t.input)
		t.input -= t.cached
	}
	return t
}

func count(n int) uint64 { return uint64(max(n, 0)) }

func (t *tokens) add(more tokens) {
	t.input += more.input
	t.cached += more.cached
	t.output += more.output
}

// cost is in US dollars.
func (p Price) cost(t tokens) float64 {
	cached := p.CachedInput
	if cached == 0 {
		cached = p.Input
	}
	return (float64(t.input)*p.Input + float64(t.cached)*cached + float64(t.output)*p.Output) / 1e6
}
