package clients_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// A column is a provider of the matrix, and the models that it is asked for.
type column struct {
	title    string
	name     string // in the account
	model    string
	embedder string // of vectors; "" is model
	unlisted bool   // the service has no list of models

	// lacks are features that the service has not, as its documentation has it, and with
	// which words it refuses them; "" where it ignores what is asked or does not tell it:
	// it has answered then, and the answer has not what the row looks for.
	lacks map[string]string
	// refuses are the words with which the service refuses a field that it does not know,
	// where an SDK sends one for a feature that is otherwise ignored; "": it does not.
	refuses string

	// provider returns one whose model behaves as c says.
	provider func(t *testing.T, c schemas.SimulationConfig) schemas.StaticProvider
}

// matrixColumns are the columns in their order.
var matrixColumns = []column{
	{title: "openai", name: "openai", model: "sim-small", provider: inProcess(schemas.DialectOpenAI)},
	{title: "azure", name: "azure", model: azureModel, embedder: azureEmbedder, provider: azureColumn, lacks: azureLacks, refuses: "Unrecognized request argument supplied"},
	{title: "anthropic", name: "anthropic", model: "sim-small", provider: inProcess(schemas.DialectAnthropic)},
	{title: "gemini", name: "gemini", model: "sim-small", provider: inProcess(schemas.DialectGemini)},
	{title: "vertex (Gemini)", name: "vertex-gemini", model: vertexGemini, embedder: vertexEmbedder, unlisted: true,
		provider: vertexColumn(vertexGemini, vertexEmbedder)},
	{title: "vertex (Claude)", name: "vertex-claude", model: vertexClaude, unlisted: true, provider: vertexColumn(vertexClaude)},
	{title: "bedrock", name: "bedrock", model: bedrockModel, embedder: bedrockEmbedder, unlisted: true, provider: bedrockColumn, lacks: bedrockLacks},
	{title: "cohere", name: "cohere", model: cohereModel, embedder: cohereEmbedder, provider: cohereColumn, lacks: cohereLacks},
	{title: "ollama", name: "ollama", model: ollamaModel, embedder: ollamaEmbedder, provider: ollamaColumn, lacks: ollamaLacks},
}

// lacking reports whether an error of a feature says that the provider has it not: in the
// words of the gateway, or in those of the column's service.
func lacking(title, feature, message string) bool {
	for _, words := range []string{"the provider has no ", "dialect has no ", "cannot be carried in "} {
		if strings.Contains(message, words) {
			return true
		}
	}
	for _, c := range matrixColumns {
		words, lacks := c.lacks[feature]
		switch {
		case c.title != title || !lacks:
		case words != "":
			return strings.Contains(message, words)
		default:
			return looked(message) || c.refuses != "" && strings.Contains(message, c.refuses)
		}
	}
	return false
}

// looked reports whether a message is of a row that looked at an answer, and not of an SDK
// that got none.
func looked(message string) bool {
	for _, beginning := range []string{"got ", "AssertionError", "TypeError"} {
		if strings.HasPrefix(message, beginning) {
			return true
		}
	}
	return false
}

// The providers of a column that limit or fail every call have its name and these.
const (
	limitedSuffix = "-limited"
	failingSuffix = "-failing"
)

// enter puts the column's providers into an account, and what it is asked for into a plan.
func (c column) enter(t *testing.T, account schemas.StaticAccount, p *plan) {
	account[c.name] = c.provider(t, schemas.SimulationConfig{OutputTokens: 24})
	account[c.name+limitedSuffix] = c.provider(t, schemas.SimulationConfig{OutputTokens: 24, RateLimitRate: 1})
	account[c.name+failingSuffix] = c.provider(t, schemas.SimulationConfig{OutputTokens: 24, ErrorRate: 1})
	p.Providers[c.title] = c.name + "/" + c.model
	p.Embedders[c.title] = c.name + "/" + cmp.Or(c.embedder, c.model)
	p.Limits[c.title] = c.name + limitedSuffix + "/" + c.model
	p.Failures[c.title] = c.name + failingSuffix + "/" + c.model
}

// of returns the plan of one column.
func (p plan) of(title string) plan {
	p.Limited, p.Failing = p.Limits[title], p.Failures[title]
	return p
}

// model returns what a feature of a column asks for.
func (p plan) model(title, feature string) string {
	if feature == "embeddings" {
		return p.Embedders[title]
	}
	return p.Providers[title]
}

// inProcess is a provider that is simulated without a network.
func inProcess(d schemas.Dialect) func(*testing.T, schemas.SimulationConfig) schemas.StaticProvider {
	return func(_ *testing.T, c schemas.SimulationConfig) schemas.StaticProvider {
		c.Dialect = d
		return schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", Simulation: &c}}
	}
}

// at is a provider of a type whose server is h.
func at(t *testing.T, h http.Handler, key string, cfg schemas.ProviderConfig, models ...string) schemas.StaticProvider {
	cfg.NetworkConfig.BaseURL, _ = onLoopback(t, h)
	p := schemas.StaticProvider{Config: cfg}
	if key != "" {
		p.Keys = []schemas.Key{{Value: key, Models: models}}
	}
	return p
}

// mind is the model behind a column's server, which is asked in OpenAI's form. It is
// the simulated one, so that what differs between columns is the form alone.
type mind struct {
	up *simulated.Upstream
}

func newMind(c schemas.SimulationConfig) mind { return mind{simulated.New(c)} }

// mindAnswer is the answer of a mind.
type mindAnswer struct {
	status int
	header http.Header
	body   io.ReadCloser // of a stream, while it lasts
}

// serve answers r with another path and body, as the simulated server does itself.
func (m mind) serve(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = path, ""
	inner.Body, inner.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	m.up.ServeHTTP(w, inner)
}

// ask makes a call of its own; the caller closes the body.
func (m mind) ask(ctx context.Context, path string, ask any) mindAnswer {
	body, err := json.Marshal(ask)
	if err != nil {
		panic("bug: " + err.Error()) // it is made of maps
	}
	read, write := io.Pipe()
	out := &answering{header: http.Header{}, begun: make(chan struct{}), body: write}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://model.invalid"+path, bytes.NewReader(body))
	if err != nil {
		panic("bug: " + err.Error()) // the address is fixed
	}
	go func() { // ends when the answer has been read or its reader has been closed
		defer func() {
			end := io.EOF
			if recover() != nil {
				end = io.ErrUnexpectedEOF
			}
			out.WriteHeader(http.StatusOK)
			_ = write.CloseWithError(end)
		}()
		m.up.ServeHTTP(out, r)
	}()
	<-out.begun
	return mindAnswer{status: out.status, header: out.sent, body: read}
}

// answering is an http.ResponseWriter into a pipe.
type answering struct {
	header, sent http.Header
	status       int
	begun        chan struct{}
	body         *io.PipeWriter
}

func (a *answering) Header() http.Header { return a.header }

func (a *answering) WriteHeader(status int) {
	if a.status == 0 {
		a.status, a.sent = status, a.header.Clone()
		close(a.begun)
	}
}

func (a *answering) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answering) Flush() { a.WriteHeader(http.StatusOK) }

// shape is the fields that an object may have, by name; those of an object within it, or
// of those in a list, are another shape. Nothing is known of what has an empty one.
type shape map[string]shape

// foreign returns the first field of v, which is JSON, that the shape has not; "" if there
// is none.
func (s shape) foreign(data []byte) string {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return "(not JSON)"
	}
	return s.within("", v)
}

func (s shape) within(path string, v any) string {
	if len(s) == 0 {
		return ""
	}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if name := s.within(fmt.Sprintf("%s[%d]", path, i), item); name != "" {
				return name
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner, known := s[name]
			if !known {
				return path + "." + name
			}
			if name := inner.within(path+"."+name, v[name]); name != "" {
				return name
			}
		}
	}
	return ""
}

// fields returns a shape of names whose values are not looked at, and of those in inner.
func fields(inner shape, names ...string) shape {
	s := shape{}
	maps.Copy(s, inner)
	for _, name := range names {
		s[name] = nil
	}
	return s
}

// told is an answer of the model in OpenAI's form, as far as other forms have it.
type told struct {
	Choices []struct {
		Message      saying `json:"message"`
		Delta        saying `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage *counted `json:"usage"`
	Error *struct {
		Message string `json:"message"`
	} `json:"error"`
}

type saying struct {
	Content   string `json:"content"`
	Refusal   string `json:"refusal"`
	Reasoning string `json:"reasoning_content"`
	Details   []struct {
		Type      string `json:"type"`
		Text      string `json:"text"`
		Data      string `json:"data"`
		Signature string `json:"signature"`
	} `json:"reasoning_details"`
	ToolCalls []struct {
		Index    int    `json:"index"`
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

type counted struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Details    struct {
		Cached int `json:"cached_tokens"`
		Wrote  int `json:"cache_write_tokens"`
	} `json:"prompt_tokens_details"`
}

var errCut = errors.New("the model's stream broke off")

// heard reads the chunks of a stream until do says no, the stream ends, or breaks off.
func (s mindAnswer) heard(do func(told) error) error {
	ended := false
	err := lines(s.body, func(line []byte) error {
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			return nil
		}
		if string(data) == "[DONE]" {
			ended = true
			return nil
		}
		var chunk told
		if err := json.Unmarshal(data, &chunk); err != nil {
			return err
		}
		return do(chunk)
	})
	if err == nil && !ended {
		return errCut
	}
	return err
}

// fault is a call that the model does not answer.
type fault struct {
	status  int
	message string
}

// fault returns that of the answer; nil if it is none.
func (s mindAnswer) fault() *fault {
	if s.status < http.StatusBadRequest {
		return nil
	}
	var in told
	if data, err := io.ReadAll(s.body); err == nil && json.Unmarshal(data, &in) == nil && in.Error != nil {
		return &fault{s.status, in.Error.Message}
	}
	return &fault{s.status, http.StatusText(s.status)}
}

// answer reads a whole answer.
func (m mind) answer(ctx context.Context, ask map[string]any) (told, *fault) {
	got := m.ask(ctx, "/v1/chat/completions", ask)
	defer got.body.Close()
	var out told
	if f := got.fault(); f != nil {
		return out, f
	}
	if err := json.NewDecoder(got.body).Decode(&out); err != nil || len(out.Choices) != 1 {
		return out, &fault{http.StatusInternalServerError, "the model has no answer"}
	}
	return out, nil
}

// vectors asks for one vector of each text.
func (m mind) vectors(ctx context.Context, texts []string) ([][]float64, *fault) {
	got := m.ask(ctx, "/v1/embeddings", map[string]any{"model": "any", "input": texts})
	defer got.body.Close()
	if f := got.fault(); f != nil {
		return nil, f
	}
	var in struct {
		Data []struct {
			Embedding []float64 `json:"embedding"`
		} `json:"data"`
	}
	if err := json.NewDecoder(got.body).Decode(&in); err != nil {
		return nil, &fault{http.StatusInternalServerError, err.Error()}
	}
	var out [][]float64
	for _, d := range in.Data {
		out = append(out, d.Embedding)
	}
	return out, nil
}

// stopped returns the stop sequence that ends the answer; "" if none does. OpenAI's form
// does not tell: the model is asked without them, and says more.
func (m mind) stopped(ctx context.Context, ask map[string]any) string {
	stops, _ := ask["stop"].([]string)
	if len(stops) == 0 {
		return ""
	}
	free := maps.Clone(ask)
	delete(free, "stop")
	got, fault := m.answer(ctx, free)
	if fault != nil {
		return ""
	}
	first, text := "", got.Choices[0].Message.Content
	for _, stop := range stops {
		if before, _, found := strings.Cut(text, stop); found {
			first, text = stop, before
		}
	}
	return first
}
