package openai

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// ResponsesOptions say how a chat is made as a call of the Responses API
// (https://platform.openai.com/docs/api-reference/responses/create). The zero value is
// OpenAI's own API.
type ResponsesOptions struct {
	// Fields are the further top-level fields that are sent, where a server refuses all
	// that it does not know. Nil are those of OpenAI's own API.
	Fields []string

	// Plain is for a server whose items are texts, images and calls of functions, and
	// nothing else of OpenAI's: no reasoning, no files, no "detail" and no summaries.
	Plain bool

	// FormatOnTop sends the answer's format as "response_format", as a chat has it.
	FormatOnTop bool

	// Models are the names that stand for something else than a model of that name.
	Models map[string]ResponsesModel

	// SearchFilters are further fields that say what a web search is to find.
	SearchFilters []string

	// NeedsLimit begins the names of models that refuse a call without a limit of tokens,
	// so that it is 4,096 where the caller gives none. Empty: there are none.
	NeedsLimit string
}

// ResponsesModel is what a model's name stands for at a server.
type ResponsesModel struct {
	Model  string // "": none is named
	Preset string // a configuration that the server has a name for
	Search bool   // searches the web, with a tool of the server's own
}

// fieldsOfOpenAI are the top-level fields of OpenAI's own API that are sent if a chat
// has them among its further fields, beside those that have a canonical one.
var fieldsOfOpenAI = []string{"context_management", "conversation", "include", "instructions", "max_tool_calls", "metadata", "moderation",
	"previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier",
	"stream_options", "top_logprobs", "truncation", "user"}

// refusedOfChat are further fields of a chat that change what its caller means, and that
// a response cannot carry.
var refusedOfChat = []string{"audio", "background", "function_call", "functions"}

// minOutputTokens is the least that max_output_tokens may be, neededLimit what it is for
// models that need one.
const (
	minOutputTokens = 16
	neededLimit     = 4096
)

// disableSearch is the further field by which Perplexity's chat completions were asked not
// to search.
const disableSearch = "disable_search"

// sentCall is a call of the API as it is sent. Its further fields follow it.
type sentCall struct {
	Model             string                     `json:"model,omitempty"`
	Preset            string                     `json:"preset,omitempty"`
	Input             []sentItem                 `json:"input"`
	Tools             []any                      `json:"tools,omitempty"`
	ToolChoice        any                        `json:"tool_choice,omitempty"`
	ParallelToolCalls *bool                      `json:"parallel_tool_calls,omitempty"`
	Text              map[string]json.RawMessage `json:"text,omitempty"`
	ResponseFormat    *schemas.ResponseFormat    `json:"response_format,omitempty"`
	Reasoning         map[string]json.RawMessage `json:"reasoning,omitempty"`
	MaxOutputTokens   *int                       `json:"max_output_tokens,omitempty"`
	Temperature       *float64                   `json:"temperature,omitempty"`
	TopP              *float64                   `json:"top_p,omitempty"`
	TopLogprobs       *int                       `json:"top_logprobs,omitempty"`
	User              string                     `json:"user,omitempty"`
	Include           []string                   `json:"include,omitempty"`
	Store             json.RawMessage            `json:"store"`
	Stream            bool                       `json:"stream,omitempty"`
}

// sender writes one chat.
type sender struct {
	opts    ResponsesOptions
	chat    *schemas.ChatRequest
	out     sentCall
	extra   map[string]json.RawMessage // further fields that nothing was made of yet
	search  bool                       // the model's name stands for one that searches the web
	dropped []string                   // some may be there twice
}

// EncodeChatAsResponse writes a chat for model as a call of the Responses API; an empty model
// means req.Model. req is not modified. dropped names the fields that were left out by
// rule. A field without which the caller would mean something else is an error of kind
// unsupported_operation.
func EncodeChatAsResponse(req *schemas.ChatRequest, model string, stream bool, opts ResponsesOptions) (body []byte, dropped []string, err error) {
	if model == "" {
		model = req.Model
	}
	s := sender{opts: opts, chat: req, extra: maps.Clone(req.Extra), out: sentCall{Model: model, Stream: stream,
		Temperature: req.Temperature, TopP: req.TopP, ParallelToolCalls: req.ParallelToolCalls}}
	for _, step := range []func() error{s.refuse, s.model, s.messages, s.tools, s.format, s.reason, s.settings} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	further := s.further()
	if body, err = json.Marshal(&s.out); err != nil {
		return nil, nil, dialect.BadRequest("the chat request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	body, err = dialect.Merge(body, further)
	slices.Sort(s.dropped)
	return body, slices.Compact(s.dropped), err
}

func (s *sender) drop(name string) { s.dropped = append(s.dropped, name) }

// takes reports whether the server knows a top-level field that not every one does.
func (s *sender) takes(name string) bool {
	if s.opts.Fields == nil {
		return slices.Contains(fieldsOfOpenAI, name)
	}
	return slices.Contains(s.opts.Fields, name)
}

// take returns a further field and removes it; nil for one that says nothing.
func (s *sender) take(name string) json.RawMessage {
	v := s.extra[name]
	delete(s.extra, name)
	if !dialect.Present(v) {
		return nil
	}
	return v
}

// notAResponse is the error for what the Responses API cannot carry.
func notAResponse(what string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: what + " is not carried by the Responses API, which is what serves this model; leave it out, or use another model or provider"}
}

// refuse looks for what cannot be carried, and the caller means.
func (s *sender) refuse() error {
	switch {
	case s.chat.N != nil && *s.chat.N > 1:
		return notAResponse("n over 1")
	case len(s.chat.Stop) > 0:
		return notAResponse("stop")
	}
	for _, name := range refusedOfChat {
		if v := s.take(name); v != nil {
			return notAResponse(name)
		}
	}
	if v := s.take("modalities"); v != nil {
		var kinds []string
		if json.Unmarshal(v, &kinds) != nil || slices.ContainsFunc(kinds, func(k string) bool { return k != "text" }) {
			return notAResponse("modalities other than text")
		}
	}
	return nil
}

// model puts what the model's name stands for in its place. Its search can be turned off
// where it is not what the name says.
func (s *sender) model() error {
	m, ok := s.opts.Models[s.out.Model]
	if !ok {
		return nil
	}
	if m.Model != "" && string(s.extra[disableSearch]) == "true" {
		m = ResponsesModel{Model: m.Model}
		delete(s.extra, disableSearch)
	}
	s.out.Model, s.search = m.Model, m.Search
	if !dialect.Present(s.extra["preset"]) { // the caller's own wins
		s.out.Preset = m.Preset
	}
	return nil
}

// settings writes the plain settings, and names those that there is no place for.
func (s *sender) settings() error {
	c := s.chat
	limit := c.MaxCompletionTokens
	if limit == nil {
		limit = c.MaxTokens
	}
	if needed := neededLimit; limit == nil && s.opts.NeedsLimit != "" && strings.HasPrefix(s.out.Model, s.opts.NeedsLimit) {
		limit = &needed
	}
	if limit != nil {
		most := max(*limit, minOutputTokens)
		s.out.MaxOutputTokens = &most
	}
	for name, given := range map[string]bool{"top_k": c.TopK != nil, "seed": c.Seed != nil,
		"frequency_penalty": c.FrequencyPenalty != nil && *c.FrequencyPenalty != 0,
		"presence_penalty":  c.PresencePenalty != nil && *c.PresencePenalty != 0} {
		if given {
			s.drop(name)
		}
	}
	if c.User != "" {
		if s.takes("user") {
			s.out.User = c.User
		} else {
			s.drop("user")
		}
	}
	s.out.Store = json.RawMessage("false")
	if v := s.take("store"); v != nil {
		s.out.Store = v
	}
	return s.include()
}

// include asks for what is not in every answer: the reasoning, to be sent back, and the
// probabilities of tokens.
func (s *sender) include() error {
	asked := s.take("include")
	if !s.takes("include") {
		if asked != nil {
			s.drop("include")
		}
		if s.chat.Logprobs != nil && *s.chat.Logprobs {
			s.drop("logprobs")
		}
		if s.chat.TopLogprobs != nil {
			s.drop("top_logprobs")
		}
		return nil
	}
	if asked != nil && json.Unmarshal(asked, &s.out.Include) != nil {
		return dialect.BadRequest("the field include must be a list of texts; correct it")
	}
	s.out.TopLogprobs = s.chat.TopLogprobs
	if s.chat.Logprobs != nil && *s.chat.Logprobs {
		s.includes(includeLogprobs)
	}
	s.includes(includeReasoning)
	return nil
}

func (s *sender) includes(what string) {
	if !slices.Contains(s.out.Include, what) {
		s.out.Include = append(s.out.Include, what)
	}
}

// further returns the further fields that are sent as they are, and names the others.
func (s *sender) further() map[string]json.RawMessage {
	if v := s.extra["stream_options"]; v != nil && onlyUsage(v) {
		delete(s.extra, "stream_options") // usage is in every answer
	}
	out := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(s.extra)) {
		switch {
		case !dialect.Present(s.extra[name]):
		case s.takes(name):
			out[name] = s.extra[name]
		default:
			s.drop(name)
		}
	}
	return out
}
