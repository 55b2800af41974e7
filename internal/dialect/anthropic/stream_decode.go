package anthropic

import (
	"encoding/json"
	"io"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// The types of a stream's events. Others, such as "ping", say nothing.
const (
	eventMessageStart = "message_start"
	eventMessageDelta = "message_delta"
	eventMessageStop  = "message_stop"
	eventBlockStart   = "content_block_start"
	eventBlockDelta   = "content_block_delta"
	eventBlockStop    = "content_block_stop"
	eventError        = "error"
)

// ChatStream reads the chunks of a streamed answer. It is not safe for concurrent
// use. It does not own the reader that it reads.
type ChatStream struct {
	events *wire.Reader
	key    string
	counts bool // usage is asked for

	head    schemas.ChatChunk // what every chunk has
	began   bool              // the first chunk, which has the role, was made
	usage   usageWire
	calls   int        // tools called so far
	details int        // pieces of thinking so far
	block   *blockWire // the open block
	partial bool       // the open block's input came in parts

	finished bool // a stop reason was seen
	done     bool // the end mark was seen
	counted  bool // the chunk with usage was made
	ended    error
}

// NewChatStream returns a ChatStream of src. usage asks for a last chunk that has
// it; key is masked in an error that the stream carries.
func NewChatStream(src io.Reader, usage bool, key string) *ChatStream {
	return &ChatStream{events: wire.NewReader(src), counts: usage, key: key, head: schemas.ChatChunk{Object: "chat.completion.chunk"}}
}

// Next implements dialect.ChunkSource. It returns io.EOF after the end mark, or where
// the source ends after a stop reason. A source that ends before either is an
// *schemas.Error of kind upstream, as are an error within the stream and an event
// that is not of the dialect; an error of the source is returned as it is.
func (s *ChatStream) Next() (*schemas.ChatChunk, error) {
	for s.ended == nil {
		chunk, err := s.next()
		if err == io.EOF && s.counts && !s.counted {
			s.counted = true
			last := s.head
			last.Choices, last.Usage = []schemas.ChunkChoice{}, s.usage.canonical()
			s.ended = io.EOF
			return &last, nil
		}
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

// Done implements dialect.ChunkSource.
func (s *ChatStream) Done() bool { return s.done }

// next reads one event; a nil chunk means that it had nothing for the caller.
func (s *ChatStream) next() (*schemas.ChatChunk, error) {
	ev, err := s.events.Next()
	if err == io.EOF && !s.finished {
		return nil, dialect.BadAnswer("the stream ended without its end mark or a stop reason; try again")
	}
	if err != nil || len(ev.Data) == 0 {
		return nil, err
	}
	var in eventWire
	if err := json.Unmarshal(ev.Data, &in); err != nil {
		if ev.Incomplete {
			return nil, dialect.BadAnswer("the stream ended in the middle of an event; try again")
		}
		return nil, dialect.BadAnswer("an event of the stream is not of Anthropic's dialect; check network_config.base_url and the provider's type")
	}
	if ev.Name == eventError {
		return nil, errorWithin(ev.Data, s.key)
	}
	if err := ErrorWithin(ev.Data, s.key); err != nil {
		return nil, err
	}
	if in.Type == "" {
		in.Type = ev.Name
	}
	return s.chunk(&in)
}

// chunk returns what an event has for the caller.
func (s *ChatStream) chunk(in *eventWire) (*schemas.ChatChunk, error) {
	switch in.Type {
	case eventMessageStart:
		if in.Message != nil {
			s.head.ID, s.head.Model = in.Message.ID, in.Message.Model
			s.usage.merge(in.Message.Usage)
		}
	case eventBlockStart:
		return s.start(in.Block), nil
	case eventBlockDelta:
		return s.delta(&in.Delta), nil
	case eventBlockStop:
		return s.stop(), nil
	case eventMessageDelta:
		s.usage.merge(in.Usage)
		if in.Delta.StopReason == nil {
			return nil, nil
		}
		s.finished = true
		reason := finishReason(*in.Delta.StopReason)
		return s.with(schemas.ChunkChoice{FinishReason: &reason, StopSequence: value(in.Delta.StopSequence)}), nil
	case eventMessageStop:
		s.done = true
		return nil, io.EOF
	}
	return nil, nil
}

// with returns a chunk of a choice.
func (s *ChatStream) with(choice schemas.ChunkChoice) *schemas.ChatChunk {
	if !s.began {
		s.began = true
		choice.Delta.Role = roleAssistant
	}
	chunk := s.head
	chunk.Choices = []schemas.ChunkChoice{choice}
	return &chunk
}

func (s *ChatStream) withDelta(d schemas.Delta) *schemas.ChatChunk {
	return s.with(schemas.ChunkChoice{Delta: d})
}

// start begins a block. It may have a content already.
func (s *ChatStream) start(b *blockWire) *schemas.ChatChunk {
	s.block, s.partial = b, false
	if b == nil {
		return nil
	}
	switch b.Type {
	case blockText:
		return s.delta(&deltaWire{Text: b.text()})
	case blockThinking:
		s.details++
		return s.delta(&deltaWire{Thinking: value(b.Thinking), Signature: value(b.Signature)})
	case blockRedacted:
		d, ok := detailOf(b)
		if !ok {
			return nil
		}
		d.Index = s.details
		s.details++
		return s.withDelta(schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{d}})
	case blockToolUse:
		s.calls++
		return s.call(newFunctionCall(b.ID, b.Name, ""))
	}
	return nil
}

// delta adds to the open block. What it adds to one of a kind that has no canonical
// form is nothing.
func (s *ChatStream) delta(in *deltaWire) *schemas.ChatChunk {
	if s.block == nil {
		return nil
	}
	switch s.block.Type {
	case blockText:
		if in.Text != "" {
			return s.withDelta(schemas.Delta{Content: in.Text})
		}
	case blockThinking:
		if in.Thinking != "" || in.Signature != "" {
			d := schemas.ReasoningDetail{Type: schemas.ReasoningText, Text: in.Thinking, Signature: in.Signature,
				Format: schemas.FormatAnthropic, Index: s.details - 1}
			return s.withDelta(schemas.Delta{Reasoning: in.Thinking, ReasoningDetails: []schemas.ReasoningDetail{d}})
		}
	case blockToolUse:
		if in.PartialJSON != "" {
			s.partial = true
			return s.call(schemas.ToolCall{Function: schemas.FunctionCall{Arguments: in.PartialJSON}})
		}
	}
	return nil
}

// stop ends the open block. The input of a call that did not come in parts is all in
// its beginning.
func (s *ChatStream) stop() *schemas.ChatChunk {
	b := s.block
	s.block = nil
	if b == nil || b.Type != blockToolUse || s.partial {
		return nil
	}
	return s.call(schemas.ToolCall{Function: schemas.FunctionCall{Arguments: argumentsOf(b.Input)}})
}

// call returns a chunk of the last call.
func (s *ChatStream) call(c schemas.ToolCall) *schemas.ChatChunk {
	index := s.calls - 1
	c.Index = &index
	return s.withDelta(schemas.Delta{ToolCalls: []schemas.ToolCall{c}})
}
