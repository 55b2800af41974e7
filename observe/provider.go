package observe

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"bifrost/schemas"
)

// How many failures are kept of each provider, and refusals of each and of all.
const (
	keptFailures = 20
	keptRefusals = 200
)

// provider is what is kept of one provider.
type provider struct {
	name string

	mu        sync.Mutex // guards what follows
	lately    lately
	durations map[kindOfRequest]*histogram
	wait      *histogram
	models    map[string]*modelUse // by label
	errors    map[schemas.ErrorKind]uint64
	letters   map[schemas.Reason]uint64
	failures  ring[Failure]
	refusals  ring[Failure]
}

type kindOfRequest struct {
	operation string
	outcome   outcome
}

// modelUse is what is kept of a model, or of all others.
type modelUse struct {
	first   *histogram // until the first token of streams; nil: there was none
	tokens  tokens
	dollars float64
}

func newProvider(name string) *provider {
	return &provider{
		name:      name,
		durations: map[kindOfRequest]*histogram{},
		wait:      newHistogram(waitBounds),
		models:    map[string]*modelUse{},
		errors:    map[schemas.ErrorKind]uint64{},
		letters:   map[schemas.Reason]uint64{},
		failures:  ring[Failure]{size: keptFailures},
		refusals:  ring[Failure]{size: keptRefusals},
	}
}

// end counts a request that has ended. model is its label.
func (p *provider) end(e *ending, model string, dollars float64) {
	latency := e.at.Sub(e.began)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.duration(kindOfRequest{e.op.name, e.outcome}).note(latency)
	use := p.model(model)
	use.tokens.add(e.tokens)
	use.dollars += dollars
	now := p.lately.at(e.at)
	now.tokens.add(e.tokens)
	if e.outcome == completed || e.outcome == failed {
		now.answered++
		now.latency.note(latency)
	}
	if e.outcome == completed || e.outcome == failed || e.waited > 0 {
		now.wait.note(e.waited)
		p.wait.note(e.waited)
	}
	if e.first > 0 {
		now.first.note(e.first)
		use.firsts().note(e.first)
	}
	if e.fault != nil {
		p.errors[e.fault.Kind]++
	}
	switch e.outcome {
	case failed:
		p.failures.put(p.failure(e))
	case refused:
		p.letters[e.fault.Reason]++
		p.refusals.put(p.failure(e))
	}
}

func (p *provider) duration(of kindOfRequest) *histogram {
	h := p.durations[of]
	if h == nil {
		h = newHistogram(durationBounds)
		p.durations[of] = h
	}
	return h
}

func (p *provider) model(label string) *modelUse {
	use := p.models[label]
	if use == nil {
		use = &modelUse{}
		p.models[label] = use
	}
	return use
}

func (u *modelUse) firsts() *histogram {
	if u.first == nil {
		u.first = newHistogram(firstBounds)
	}
	return u.first
}

// maxName bounds the names of models and clients in what is kept and told, in bytes.
const maxName = 100

// boundedName is a name as it is kept and told: it may be anybody's text, as a model's is
// the caller's, long, and not even UTF-8, without which no collector takes a span or a
// metric.
func boundedName(name string) string {
	return strings.ToValidUTF8(name[:min(len(name), maxName)], "\uFFFD")
}

func (p *provider) failure(e *ending) Failure {
	f := Failure{At: e.at, Provider: p.name, Model: boundedName(e.model), Client: e.tenant,
		Kind: e.fault.Kind, Reason: e.fault.Reason, Status: e.fault.StatusCode}
	if key := e.key.Load(); key != nil {
		f.Key = *key
	}
	return f
}

// Failures returns the last requests of a provider that have failed, newest first; of
// all if name is empty. Those that were refused, or that their callers gave up, are not
// among them.
func (r *Recorder) Failures(name string) []Failure {
	return r.collect(name, func(p *provider) []Failure { return p.failures.newestFirst() })
}

// DeadLetters returns the last requests that Bifrost itself has refused, newest first.
func (r *Recorder) DeadLetters() []Failure {
	all := r.collect("", func(p *provider) []Failure { return p.refusals.newestFirst() })
	return all[:min(len(all), keptRefusals)]
}

// collect returns what is kept of one provider, or of all, newest first.
func (r *Recorder) collect(name string, kept func(*provider) []Failure) []Failure {
	var out []Failure
	for _, p := range *r.providers.Load() {
		if name != "" && name != p.name {
			continue
		}
		p.mu.Lock()
		out = append(out, kept(p)...)
		p.mu.Unlock()
	}
	slices.SortStableFunc(out, func(a, b Failure) int { return cmp.Compare(b.At.UnixNano(), a.At.UnixNano()) })
	return out
}
