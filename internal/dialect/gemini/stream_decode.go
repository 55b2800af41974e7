package gemini

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// ChatStream reads the chunks of a streamed answer. It is not safe for concurrent
// use. It does not own the reader that it reads.
type ChatStream struct {
	events *wire.Reader
	key    string
	counts bool // usage is asked for

	head       schemas.ChatChunk // what every chunk has
	candidates map[int]*candidate
	usage      *usageWire
	finished   bool // a finish reason was seen
	done       bool // the source has ended regularly

	pending []*schemas.ChatChunk // what follows the source's end
	ended   error
}

// candidate is one of the answers.
type candidate struct {
	reader
	began  bool // its first chunk, which has the role, was made
	finish string
}

// NewChatStream returns a ChatStream of src. usage asks for a last chunk that has it;
// key is masked in an error that the stream carries.
func NewChatStream(src io.Reader, usage bool, key string) *ChatStream {
	return &ChatStream{events: wire.NewReader(src), counts: usage, key: key,
		head: schemas.ChatChunk{Object: "chat.completion.chunk"}, candidates: map[int]*candidate{}}
}

// Next implements dialect.ChunkSource. The dialect has no end mark: io.EOF is what the
// source ends with after a finish reason. A source that ends before it is an
// *schemas.Error of kind upstream, as are an error within the stream and an event that
// is not of the dialect; an error of the source is returned as it is.
func (s *ChatStream) Next() (*schemas.ChatChunk, error) {
	for {
		if len(s.pending) > 0 {
			chunk := s.pending[0]
			s.pending = s.pending[1:]
			return chunk, nil
		}
		if s.ended != nil {
			return nil, s.ended
		}
		chunk, err := s.next()
		switch {
		case err == io.EOF:
			s.done, s.ended, s.pending = true, io.EOF, s.last()
		case err != nil:
			s.ended = err
		case chunk != nil:
			return chunk, nil
		}
	}
}

// Done implements dialect.ChunkSource.
func (s *ChatStream) Done() bool { return s.done }

// last returns the chunks that follow the content: why each answer ended, and the usage.
// Some models give a reason before they are at their end.
func (s *ChatStream) last() []*schemas.ChatChunk {
	end := s.head
	for _, index := range slices.Sorted(maps.Keys(s.candidates)) {
		c := s.candidates[index]
		if c.finish != "" {
			end.Choices = append(end.Choices, c.choice(index, schemas.ChunkChoice{FinishReason: &c.finish}))
		}
	}
	all := []*schemas.ChatChunk{&end}
	if s.counts && s.usage != nil {
		count := s.head
		count.Choices, count.Usage = []schemas.ChunkChoice{}, s.usage.canonical()
		all = append(all, &count)
	}
	return all
}

// choice adds to a chunk's choice what the first one has.
func (c *candidate) choice(index int, choice schemas.ChunkChoice) schemas.ChunkChoice {
	choice.Index = index
	if !c.began {
		c.began = true
		choice.Delta.Role = roleAssistant
	}
	return choice
}

// next reads one event; a nil chunk means that it had nothing for the caller.
func (s *ChatStream) next() (*schemas.ChatChunk, error) {
	ev, err := s.events.Next()
	if err == io.EOF && !s.finished {
		return nil, dialect.BadAnswer("the stream ended without a finish reason; try again")
	}
	if err != nil {
		return nil, err
	}
	data := dataOf(ev)
	if len(data) == 0 || string(data) == doneMark {
		return nil, nil
	}
	var in answerWire
	if err := json.Unmarshal(data, &in); err != nil {
		if ev.Incomplete {
			return nil, dialect.BadAnswer("the stream ended in the middle of an event; try again")
		}
		if err := ErrorWithin(data, s.key); err != nil { // a list of one
			return nil, err
		}
		return nil, dialect.BadAnswer("an event of the stream is not of Gemini's dialect; check network_config.base_url and the provider's type")
	}
	if err := ErrorWithin(data, s.key); err != nil {
		return nil, err
	}
	return s.chunk(&in)
}

// doneMark is OpenAI's end mark, which some servers of the dialect send.
const doneMark = "[DONE]"

// dataOf returns an event's data. The API may break off a stream with an error that is
// no event: a JSON document where the next one would begin.
func dataOf(ev wire.Event) []byte {
	if ev.Data != nil {
		return ev.Data
	}
	text := bytes.TrimSpace(ev.Raw)
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') && json.Valid(text) {
		return text
	}
	return nil
}

// chunk returns what an event has for the caller.
func (s *ChatStream) chunk(in *answerWire) (*schemas.ChatChunk, error) {
	if in.ResponseID != "" {
		s.head.ID = in.ResponseID
	}
	if in.ModelVersion != "" {
		s.head.Model = in.ModelVersion
	}
	if in.Usage != nil {
		s.usage = in.Usage
	}
	if len(in.Candidates) == 0 && in.blocked() {
		s.finished = true
		s.candidate(0).finish = finishFilter
		return nil, nil
	}
	chunk := s.head
	for i := range in.Candidates {
		choice, has, err := s.add(&in.Candidates[i])
		if err != nil {
			return nil, err
		}
		if has {
			chunk.Choices = append(chunk.Choices, choice)
		}
	}
	if len(chunk.Choices) == 0 {
		return nil, nil
	}
	return &chunk, nil
}

func (s *ChatStream) candidate(index int) *candidate {
	c := s.candidates[index]
	if c == nil {
		c = &candidate{reader: reader{response: s.head.ID, candidate: index}}
		s.candidates[index] = c
	}
	return c
}

// add returns what an event adds to one of the answers, if anything.
func (s *ChatStream) add(in *candidateWire) (choice schemas.ChunkChoice, has bool, err error) {
	c := s.candidate(in.Index)
	choice.Logprobs = in.Logprobs.canonical()
	d := &choice.Delta
	for i := range in.parts() {
		part, err := c.delta(&in.Content.Parts[i])
		if err != nil {
			return choice, false, err
		}
		d.Content += part.Content
		d.Reasoning += part.Reasoning
		d.ToolCalls = append(d.ToolCalls, part.ToolCalls...)
		d.ReasoningDetails = append(d.ReasoningDetails, part.ReasoningDetails...)
	}
	if in.FinishReason != "" {
		finish, fault := finishReason(in.FinishReason, false)
		if fault != nil {
			return choice, false, fault
		}
		c.finish, s.finished = finish, true
	}
	if c.finish == finishStop && c.calls > 0 {
		c.finish = finishToolCalls
	}
	has = d.Content != "" || d.Reasoning != "" || len(d.ToolCalls)+len(d.ReasoningDetails)+len(choice.Logprobs) > 0
	if has {
		choice = c.choice(in.Index, choice)
	}
	return choice, has, nil
}
