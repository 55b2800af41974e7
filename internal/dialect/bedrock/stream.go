package bedrock

import (
	"encoding/json"
	"io"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// stream reads the chunks of a ConverseStream. The order of its events is that of
// https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html
type stream struct {
	frames *frames
	model  string
	key    string

	begun    bool              // a chunk was returned, and the role with it
	calls    map[int]*toolPart // by block
	finished bool              // the stop reason was seen
	done     bool              // the end was seen: the event with the usage follows the stop reason
	ended    error
}

// toolPart is a call under way.
type toolPart struct {
	index int  // among the calls
	input bool // some of its arguments were seen
}

func newStream(src io.Reader, model, key string) *stream {
	return &stream{frames: newFrames(src), model: model, key: key, calls: map[int]*toolPart{}}
}

// Next implements dialect.ChunkSource. A source that ends before the stop reason is an
// error of kind upstream, as are an exception and a frame that is no event.
func (s *stream) Next() (*schemas.ChatChunk, error) {
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

// Done implements dialect.ChunkSource.
func (s *stream) Done() bool { return s.done }

// next reads one frame; a nil chunk means that it had nothing for the caller.
func (s *stream) next() (*schemas.ChatChunk, error) {
	if s.done {
		return nil, io.EOF
	}
	f, err := s.frames.next()
	switch {
	case err == io.EOF && !s.finished:
		return nil, dialect.BadAnswer("the stream ended without a stop reason; try again")
	case err != nil:
		return nil, err
	case f.kind == "exception", f.kind == "error":
		return nil, exception(f, s.key)
	}
	var in event
	if err := json.Unmarshal(f.payload, &in); err != nil {
		return nil, dialect.BadAnswer("an event of the stream is not one of ConverseStream; check network_config.base_url and the provider's type")
	}
	switch f.name {
	case "contentBlockStart":
		return s.blockStart(&in), nil
	case "contentBlockDelta":
		return s.blockDelta(&in), nil
	case "contentBlockStop":
		return s.blockStop(&in), nil
	case "messageStop":
		return s.stop(&in)
	case "metadata":
		return s.metadata(&in), nil
	}
	return nil, nil // messageStart, and what is not known yet
}

// event is the payload of every event.
type event struct {
	Index      int        `json:"contentBlockIndex"`
	Start      eventStart `json:"start"`
	Delta      eventDelta `json:"delta"`
	StopReason string     `json:"stopReason"`
	Usage      *usage     `json:"usage"`
}

type eventStart struct {
	ToolUse *toolUse `json:"toolUse"`
}

type eventDelta struct {
	Text    string `json:"text"`
	ToolUse *struct {
		Input string `json:"input"`
	} `json:"toolUse"`
	Reasoning *struct {
		Text            string `json:"text"`
		Signature       string `json:"signature"`
		RedactedContent string `json:"redactedContent"`
	} `json:"reasoningContent"`
}

// chunk returns a chunk of a delta; the first has the role.
func (s *stream) chunk(d schemas.Delta) *schemas.ChatChunk {
	if !s.begun {
		d.Role = "assistant"
		s.begun = true
	}
	return &schemas.ChatChunk{Object: "chat.completion.chunk", Model: s.model, Choices: []schemas.ChunkChoice{{Delta: d}}}
}

// call returns a chunk of a call's part.
func (s *stream) call(part *toolPart, c schemas.ToolCall) *schemas.ChatChunk {
	c.Index = &part.index
	return s.chunk(schemas.Delta{ToolCalls: []schemas.ToolCall{c}})
}

func (s *stream) blockStart(in *event) *schemas.ChatChunk {
	t := in.Start.ToolUse
	if t == nil {
		return nil
	}
	part := &toolPart{index: len(s.calls)}
	s.calls[in.Index] = part
	return s.call(part, schemas.ToolCall{ID: t.ToolUseID, Type: "function", Function: schemas.FunctionCall{Name: t.Name}})
}

func (s *stream) blockDelta(in *event) *schemas.ChatChunk {
	switch d := in.Delta; {
	case d.Text != "":
		return s.chunk(schemas.Delta{Content: d.Text})
	case d.ToolUse != nil:
		part := s.calls[in.Index]
		if part == nil || d.ToolUse.Input == "" {
			return nil
		}
		part.input = true
		return s.call(part, schemas.ToolCall{Function: schemas.FunctionCall{Arguments: d.ToolUse.Input}})
	case d.Reasoning != nil && d.Reasoning.RedactedContent != "":
		return s.chunk(schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{redacted(d.Reasoning.RedactedContent, in.Index)}})
	case d.Reasoning != nil && (d.Reasoning.Text != "" || d.Reasoning.Signature != ""):
		return s.chunk(schemas.Delta{Reasoning: d.Reasoning.Text, ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningText,
			Text: d.Reasoning.Text, Signature: d.Reasoning.Signature, Format: schemas.FormatAnthropic, Index: in.Index}}})
	}
	return nil
}

// blockStop completes a call without arguments: they are an empty object.
func (s *stream) blockStop(in *event) *schemas.ChatChunk {
	part := s.calls[in.Index]
	if part == nil || part.input {
		return nil
	}
	part.input = true
	return s.call(part, schemas.ToolCall{Function: schemas.FunctionCall{Arguments: "{}"}})
}

func (s *stream) stop(in *event) (*schemas.ChatChunk, error) {
	reason, err := finishReason(in.StopReason)
	if err != nil {
		return nil, err
	}
	s.finished = true
	chunk := s.chunk(schemas.Delta{})
	chunk.Choices[0].FinishReason = &reason
	return chunk, nil
}

func (s *stream) metadata(in *event) *schemas.ChatChunk {
	s.done = s.finished
	if in.Usage == nil {
		return nil
	}
	return &schemas.ChatChunk{Object: "chat.completion.chunk", Model: s.model, Choices: []schemas.ChunkChoice{}, Usage: in.Usage.canonical()}
}
