package openai

import (
	"encoding/json"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// ChatOptions says how a chat request is written. The zero value is a request
// for a whole answer, as OpenAI documents it.
type ChatOptions struct {
	// Stream asks for a stream, and for its usage chunk.
	Stream bool

	// Quirks of providers that refuse a field of the dialect.
	NoStreamOptions bool // "stream_options" is not sent
	MaxTokensOnly   bool // "max_completion_tokens" is sent as "max_tokens"
	SystemOnly      bool // the role "developer" is sent as "system"
	PlainReasoning  bool // a message's "reasoning_content" is sent as "reasoning"
	NoReasoning     bool // a message's "reasoning_content" is not sent
	RandomSeed      bool // "seed" is sent as "random_seed"
	ShortCallIDs    bool // ids of calls are sent as nine letters and digits
	NoToolChoice    bool // "tool_choice", which is ignored: a named function is sent alone, and no tools for "none"

	// Refuses are further top-level fields that are not sent.
	Refuses []string

	// Quirks of providers that take more than OpenAI's own API.
	TopK             bool // "top_k"
	CacheControl     bool // "cache_control" on parts and tools
	ReasoningDetails bool // "reasoning_details" on messages
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// chatWire is a chat request on the wire. Its own fields shadow the request's.
type chatWire struct {
	*schemas.ChatRequest
	Model               string          `json:"model"`
	MaxCompletionTokens *int            `json:"max_completion_tokens,omitempty"`
	MaxTokens           *int            `json:"max_tokens,omitempty"`
	Stream              bool            `json:"stream,omitempty"`
	StreamOptions       json.RawMessage `json:"stream_options,omitempty"`
}

// plainMessage is a message with its reasoning under its plain name.
type plainMessage struct {
	schemas.ChatMessage
	Reasoning        string `json:"reasoning,omitempty"`
	ReasoningContent string `json:"reasoning_content,omitempty"` // shadows; always empty
}

// encoded writes the request.
func (w *chatWire) encoded(opts ChatOptions) ([]byte, error) {
	if !opts.PlainReasoning {
		return json.Marshal(w)
	}
	messages := make([]plainMessage, len(w.Messages))
	for i, m := range w.Messages {
		messages[i] = plainMessage{ChatMessage: m, Reasoning: m.Reasoning}
	}
	return json.Marshal(struct {
		*chatWire
		Messages []plainMessage `json:"messages"`
	}{w, messages})
}

// EncodeChat writes req for model; an empty model means req.Model. req is not
// modified. Extra's fields follow the typed ones and never override them.
func EncodeChat(req *schemas.ChatRequest, model string, opts ChatOptions) ([]byte, error) {
	w := chatWire{ChatRequest: req, Model: model, Stream: opts.Stream,
		MaxCompletionTokens: req.MaxCompletionTokens, MaxTokens: req.MaxTokens}
	if w.Model == "" {
		w.Model = req.Model
	}
	if opts.MaxTokensOnly && w.MaxCompletionTokens != nil {
		w.MaxTokens, w.MaxCompletionTokens = w.MaxCompletionTokens, nil
	}
	if opts.Stream && !opts.NoStreamOptions {
		options, err := withUsage(req.Extra["stream_options"])
		if err != nil {
			return nil, err
		}
		w.StreamOptions = options
	}
	body, err := w.encoded(opts)
	if err != nil {
		return nil, dialect.BadRequest("the chat request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	return dialect.Merge(body, req.Extra, "stream", "stream_options")
}

// withUsage returns the caller's stream options with usage asked for.
func withUsage(given json.RawMessage) (json.RawMessage, error) {
	if len(given) == 0 {
		return json.RawMessage(`{"include_usage":true}`), nil
	}
	options := map[string]json.RawMessage{}
	if err := json.Unmarshal(given, &options); err != nil || options == nil {
		return nil, dialect.BadRequest("stream_options is not a json object; correct it")
	}
	options["include_usage"] = json.RawMessage("true")
	return json.Marshal(options)
}

// DecodeChat reads a chat request and whether it asks for a stream. Names are
// compared exactly. Unknown fields go to Extra, and "stream_options" too when it has more than
// include_usage.
func DecodeChat(data []byte) (req *schemas.ChatRequest, stream bool, err error) {
	in := struct {
		*schemas.ChatRequest
		Stream        *bool          `json:"stream"`
		StreamOptions *streamOptions `json:"stream_options"`
	}{ChatRequest: &schemas.ChatRequest{}}
	extra, err := decodeRequest(data, &in, chatFields, "stream", "stream_options")
	if err != nil {
		return nil, false, err
	}
	delete(extra, "stream")
	req = in.ChatRequest
	req.IncludeUsage = in.StreamOptions != nil && in.StreamOptions.IncludeUsage
	if onlyUsage(extra["stream_options"]) {
		delete(extra, "stream_options")
	}
	if len(extra) > 0 {
		req.Extra = extra
	}
	switch {
	case req.Model == "":
		return nil, false, dialect.BadRequest("the field model is missing; name a model")
	case len(req.Messages) == 0:
		return nil, false, dialect.BadRequest("the field messages is missing or empty; send at least one message")
	}
	return req, in.Stream != nil && *in.Stream, nil
}

// onlyUsage reports whether the options say nothing but include_usage.
func onlyUsage(options json.RawMessage) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(options, &all) != nil {
		return true // absent
	}
	delete(all, "include_usage")
	return len(all) == 0
}
