package openai

import (
	"encoding/json"
	"io"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamOptions says how a chat stream is read, or passed on.
type StreamOptions struct {
	// IncludeUsage keeps usage; otherwise it is dropped, and with it a chunk
	// that has nothing else. Of a stream that is passed on, only such a chunk is.
	IncludeUsage bool

	// HideThinking leaves the text of the thinking out.
	HideThinking bool

	// Key is the used credential, masked in an error that the stream carries.
	Key string
}

// ChatStream reads the chunks of a chat stream. It is not safe for concurrent
// use. It does not own the reader that it reads.
type ChatStream struct {
	events   *wire.Reader
	opts     StreamOptions
	finished bool  // a finish_reason was seen
	done     bool  // the end mark was seen
	ended    error // what Next returns from now on
}

// NewChatStream returns a ChatStream of src.
func NewChatStream(src io.Reader, opts StreamOptions) *ChatStream {
	return &ChatStream{events: wire.NewReader(src), opts: opts}
}

// Next returns the next chunk with choices or wanted usage. It returns io.EOF
// after the end mark, or where the source ends after a finish_reason. A source
// that ends before either is an *schemas.Error of kind upstream, as are an error
// within the stream and an event that is not a chunk; an error of the source is
// returned as it is. Whatever ended the stream is returned again.
func (s *ChatStream) Next() (*schemas.ChatChunk, error) {
	for s.ended == nil {
		chunk, err := s.next()
		if err != nil {
			s.ended = err
			break
		}
		if chunk != nil {
			return chunk, nil
		}
	}
	return nil, s.ended
}

// Done reports whether the end mark was read, so that nothing more is to come.
func (s *ChatStream) Done() bool { return s.done }

// next reads one event; a nil chunk means that it had nothing for the caller.
func (s *ChatStream) next() (*schemas.ChatChunk, error) {
	ev, err := s.events.Next()
	if err == io.EOF && !s.finished {
		return nil, dialect.BadAnswer("the stream ended without its end mark or a finish reason; try again")
	}
	if err != nil {
		return nil, err
	}
	if len(ev.Data) == 0 {
		return nil, nil
	}
	if string(ev.Data) == EndOfStream {
		s.done = true
		return nil, io.EOF
	}
	chunk, err := s.chunk(ev.Data)
	if err != nil && ev.Incomplete {
		return nil, dialect.BadAnswer("the stream ended in the middle of an event; try again")
	}
	return chunk, err
}

// chunk decodes one event's data.
func (s *ChatStream) chunk(data []byte) (*schemas.ChatChunk, error) {
	var in chunkWire
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, dialect.BadAnswer("an event of the stream is not a chat chunk; check network_config.base_url and the provider's type")
	}
	if dialect.Present(in.Error) || in.Object == "error" {
		return nil, errorInStream(data, s.opts.Key)
	}
	chunk := in.canonical()
	for _, c := range chunk.Choices {
		if c.FinishReason == nil {
			continue
		}
		if *c.FinishReason == "error" { // OpenRouter, Mistral
			return nil, dialect.BadAnswer("the provider broke off the answer with the finish reason error; try again")
		}
		s.finished = true
	}
	if !s.opts.IncludeUsage {
		chunk.Usage = nil
	}
	if s.opts.HideThinking {
		hidePiece(chunk)
	}
	if len(chunk.Choices) == 0 && chunk.Usage == nil {
		return nil, nil
	}
	return chunk, nil
}

// chunkWire is a chunk as providers write it.
type chunkWire struct {
	ID                string          `json:"id"`
	Object            string          `json:"object"`
	Created           lenientInt      `json:"created"`
	Model             string          `json:"model"`
	Choices           []choiceWire    `json:"choices"`
	Usage             *schemas.Usage  `json:"usage"`
	SystemFingerprint string          `json:"system_fingerprint"`
	Error             json.RawMessage `json:"error"`
}

type choiceWire struct {
	Index        int             `json:"index"`
	Delta        deltaWire       `json:"delta"`
	FinishReason *string         `json:"finish_reason"`
	Logprobs     json.RawMessage `json:"logprobs"`
}

type deltaWire struct {
	Role             string             `json:"role"`
	Content          lenientText        `json:"content"`
	Refusal          string             `json:"refusal"`
	ReasoningContent string             `json:"reasoning_content"`
	Reasoning        lenientText        `json:"reasoning"` // its name at Groq, OpenRouter
	ReasoningDetails lenientDetails     `json:"reasoning_details"`
	ToolCalls        []schemas.ToolCall `json:"tool_calls"`
}

func (w *chunkWire) canonical() *schemas.ChatChunk {
	c := &schemas.ChatChunk{ID: w.ID, Object: w.Object, Created: int64(w.Created), Model: w.Model,
		Usage: w.Usage, SystemFingerprint: w.SystemFingerprint, Choices: make([]schemas.ChunkChoice, len(w.Choices))}
	for i, choice := range w.Choices {
		c.Choices[i] = choice.canonical()
	}
	return c
}

func (w *choiceWire) canonical() schemas.ChunkChoice {
	d := w.Delta
	c := schemas.ChunkChoice{Index: w.Index, FinishReason: w.FinishReason, Logprobs: w.Logprobs, Delta: schemas.Delta{
		Role: d.Role, Content: string(d.Content), Refusal: d.Refusal, Reasoning: d.ReasoningContent,
		ReasoningDetails: d.ReasoningDetails, ToolCalls: d.ToolCalls}}
	if c.Delta.Reasoning == "" {
		c.Delta.Reasoning = string(d.Reasoning)
	}
	if w.FinishReason != nil {
		if reason := finishReason(*w.FinishReason); reason != "" {
			c.FinishReason = &reason
		} else {
			c.FinishReason = nil
		}
	}
	if string(c.Logprobs) == "null" {
		c.Logprobs = nil
	}
	return c
}
