package cohere

import (
	"encoding/json"
	"io"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamOptions say how a stream is read.
type StreamOptions struct {
	Model        string // of the chunks: the stream does not tell it
	IncludeUsage bool   // asks for a last chunk with usage
	HideThinking bool   // leaves thinking out
	Key          string // is masked in an error that the stream carries
}

// ChatStream reads the chunks of a streamed answer. It is not safe for concurrent use.
// It does not own the reader that it reads.
type ChatStream struct {
	events *wire.Reader
	opts   StreamOptions

	id      string
	begun   bool          // a chunk was returned, and the role with it
	thought bool          // thinking was returned
	planned bool          // a plan was returned
	calls   map[int]*call // by their index in the stream
	usage   *schemas.ChatChunk
	done    bool // the end was seen
	ended   error
}

// call is a call of a tool under way.
type call struct {
	index     int // among the calls
	arguments bool
}

// NewChatStream returns a ChatStream of src.
func NewChatStream(src io.Reader, opts StreamOptions) *ChatStream {
	return &ChatStream{events: wire.NewReader(src), opts: opts, calls: map[int]*call{}}
}

// Next implements dialect.ChunkSource. A source that ends before the message does is an
// *schemas.Error of kind upstream, as are an error within the stream and an event that
// is not of the dialect; an error of the source is returned as it is.
func (s *ChatStream) Next() (*schemas.ChatChunk, error) {
	for s.ended == nil {
		chunk, err := s.next()
		if err != nil {
			s.ended = err
		} else if chunk != nil {
			return chunk, nil
		}
	}
	return nil, s.ended
}

// Done implements dialect.ChunkSource.
func (s *ChatStream) Done() bool { return s.done }

// next reads one event; a nil chunk means that it had nothing for the caller.
func (s *ChatStream) next() (*schemas.ChatChunk, error) {
	if s.done {
		if chunk := s.usage; chunk != nil {
			s.usage = nil
			return chunk, nil
		}
		return nil, io.EOF
	}
	ev, err := s.events.Next()
	switch {
	case err == io.EOF:
		return nil, dialect.BadAnswer(noEnd)
	case err != nil:
		return nil, err
	case len(ev.Data) == 0 || string(ev.Data) == doneMark:
		return nil, nil
	}
	var in eventWire
	if err := json.Unmarshal(ev.Data, &in); err != nil {
		if ev.Incomplete {
			return nil, dialect.BadAnswer("the stream ended in the middle of an event; try again")
		}
		if err := ErrorWithin(ev.Data, s.opts.Key); err != nil {
			return nil, err
		}
		return nil, notThe("an event")
	}
	if in.Type == "" {
		in.Type = ev.Name
	}
	if mayFail(in.Type) {
		if err := ErrorWithin(ev.Data, s.opts.Key); err != nil {
			return nil, err
		}
	}
	return s.event(&in), nil
}

// doneMark is OpenAI's end mark, which follows the end of the message in some streams.
const doneMark = "[DONE]"

// noEnd is what a stream that ends early is told as.
const noEnd = "the stream ended without the end of the message; try again"

// mayFail reports whether an event of a type may be an error: the end of a message, or
// one that is not known.
func mayFail(typ string) bool {
	switch typ {
	case eventMessageStart, eventContentStart, eventContentDelta, eventContentEnd, eventPlanDelta,
		eventCallStart, eventCallDelta, eventCallEnd, eventCitationStart, eventCitationEnd, eventDebug:
		return false
	}
	return true
}

// event returns what an event has for the caller, or nil.
func (s *ChatStream) event(in *eventWire) *schemas.ChatChunk {
	switch in.Type {
	case eventMessageStart:
		s.id = in.ID
	case eventContentStart, eventContentDelta:
		return s.content(in)
	case eventPlanDelta:
		return s.plan(in.Delta.Message.ToolPlan)
	case eventCallStart:
		return s.callStart(in)
	case eventCallDelta:
		return s.callDelta(in)
	case eventCallEnd:
		return s.callEnd(in)
	case eventMessageEnd:
		return s.end(in)
	}
	return nil
}

// chunk returns a chunk of a delta; the first has the role.
func (s *ChatStream) chunk(d schemas.Delta) *schemas.ChatChunk {
	if !s.begun {
		d.Role = roleAssistant
		s.begun = true
	}
	return &schemas.ChatChunk{ID: s.id, Object: "chat.completion.chunk", Model: s.opts.Model, Choices: []schemas.ChunkChoice{{Delta: d}}}
}

func (s *ChatStream) content(in *eventWire) *schemas.ChatChunk {
	var d schemas.Delta
	if item := in.Delta.Message.Content.value; item != nil {
		if item.Text != nil {
			d.Content = *item.Text
		}
		if item.Thinking != nil && *item.Thinking != "" && !s.opts.HideThinking {
			s.thought = true
			d.Reasoning, d.ReasoningDetails = *item.Thinking, []schemas.ReasoningDetail{thought(*item.Thinking)}
		}
	}
	var probabilities json.RawMessage
	if in.Logprobs != nil {
		probabilities = probabilitiesOf([]logprobWire{*in.Logprobs})
	}
	if d.Content == "" && d.Reasoning == "" && probabilities == nil {
		return nil
	}
	chunk := s.chunk(d)
	chunk.Choices[0].Logprobs = probabilities
	return chunk
}

func (s *ChatStream) plan(text string) *schemas.ChatChunk {
	if text == "" || s.opts.HideThinking {
		return nil
	}
	d := schemas.Delta{Reasoning: text, ReasoningDetails: []schemas.ReasoningDetail{plan(text)}}
	if s.thought && !s.planned {
		d.Reasoning = betweenThoughts + text
	}
	s.planned = true
	return s.chunk(d)
}

// piece returns a chunk of a part of a call.
func (s *ChatStream) piece(c *call, part schemas.ToolCall) *schemas.ChatChunk {
	c.arguments = c.arguments || part.Function.Arguments != ""
	part.Index = &c.index
	return s.chunk(schemas.Delta{ToolCalls: []schemas.ToolCall{part}})
}

func (s *ChatStream) callStart(in *eventWire) *schemas.ChatChunk {
	begin := in.Delta.Message.ToolCalls.value
	if begin == nil {
		return nil
	}
	c := &call{index: len(s.calls)}
	if known := s.calls[in.Index]; known != nil {
		c = known
	}
	s.calls[in.Index] = c
	return s.piece(c, schemas.ToolCall{ID: begin.ID, Type: typeFunction,
		Function: schemas.FunctionCall{Name: begin.Function.Name, Arguments: begin.Function.Arguments}})
}

func (s *ChatStream) callDelta(in *eventWire) *schemas.ChatChunk {
	c, more := s.calls[in.Index], in.Delta.Message.ToolCalls.value
	if c == nil || more == nil || more.Function.Arguments == "" {
		return nil
	}
	return s.piece(c, schemas.ToolCall{Function: schemas.FunctionCall{Arguments: more.Function.Arguments}})
}

// callEnd completes a call without arguments: they are an empty object.
func (s *ChatStream) callEnd(in *eventWire) *schemas.ChatChunk {
	c := s.calls[in.Index]
	if c == nil || c.arguments {
		return nil
	}
	return s.piece(c, schemas.ToolCall{Function: schemas.FunctionCall{Arguments: "{}"}})
}

// end returns the chunk that says why the answer ended. That of the usage follows it.
func (s *ChatStream) end(in *eventWire) *schemas.ChatChunk {
	s.done = true
	finish := finishReason(in.Delta.FinishReason)
	chunk := s.chunk(schemas.Delta{})
	chunk.Choices[0].FinishReason = &finish
	if usage := in.Delta.Usage.canonical(); usage != nil && s.opts.IncludeUsage {
		s.usage = &schemas.ChatChunk{ID: s.id, Object: chunk.Object, Model: s.opts.Model, Choices: []schemas.ChunkChoice{}, Usage: usage}
	}
	return chunk
}
