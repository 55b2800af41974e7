package openai

import (
	"encoding/json"
	"io"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// ResponsesStream reads a stream of the Responses API
// (https://platform.openai.com/docs/api-reference/responses-streaming) as the chunks of a
// chat. It is not safe for concurrent use. It does not own the reader that it reads.
type ResponsesStream struct {
	events *wire.Reader
	opts   StreamOptions
	items  *itemReader
	done   bool // the event that ends the answer was read
	ended  error
}

var _ dialect.ChunkSource = (*ResponsesStream)(nil)

// NewResponsesStream returns a ResponsesStream of src.
func NewResponsesStream(src io.Reader, opts StreamOptions) *ResponsesStream {
	return &ResponsesStream{events: wire.NewReader(src), opts: opts, items: newItemReader()}
}

// Next returns the next chunk, and io.EOF after the event that ends the answer. A source
// that ends before it is an *schemas.Error of kind upstream, as are a failed answer, an
// error within the stream and an event that is none of the API; an error of the source
// is returned as it is. Whatever ended the stream is returned again.
func (s *ResponsesStream) Next() (*schemas.ChatChunk, error) {
	for {
		if all := s.items.chunks; len(all) > 0 {
			s.items.chunks = all[1:]
			if s.opts.HideThinking {
				hidePiece(all[0])
			}
			if all[0].Usage == nil || s.opts.IncludeUsage {
				return all[0], nil
			}
			continue
		}
		switch {
		case s.ended != nil:
			return nil, s.ended
		case s.done:
			s.ended = io.EOF
		default:
			s.ended = s.next()
		}
	}
}

// Done reports whether the event that ends the answer was read.
func (s *ResponsesStream) Done() bool { return s.done }

// next reads one event.
func (s *ResponsesStream) next() error {
	ev, err := s.events.Next()
	switch {
	case err == io.EOF, err == nil && string(ev.Data) == EndOfStream:
		return dialect.BadAnswer("the stream ended without the event that ends an answer; try again")
	case err != nil:
		return err
	case len(ev.Data) == 0:
		return nil
	}
	var in readEvent
	if err := json.Unmarshal(ev.Data, &in); err != nil {
		if ev.Incomplete {
			return dialect.BadAnswer("the stream ended in the middle of an event; try again")
		}
		return dialect.BadAnswer("an event of the stream is not one of the Responses API; check network_config.base_url and the provider's type")
	}
	if failure := responsesFailure(ev, s.opts.Key); failure != nil {
		return failure
	}
	return s.event(eventType(ev), &in)
}

// readEvent is an event; which field is set depends on its type.
type readEvent struct {
	Response     *readResponse     `json:"response"`
	OutputIndex  int               `json:"output_index"`
	ContentIndex int               `json:"content_index"`
	SummaryIndex int               `json:"summary_index"`
	Item         json.RawMessage   `json:"item"`
	Delta        lenientText       `json:"delta"` // that of an event of another kind may be anything
	Logprobs     []json.RawMessage `json:"logprobs"`
}

// event tells what an event says. Those that repeat what others say, and those that are
// not known, say nothing.
func (s *ResponsesStream) event(typ string, in *readEvent) error {
	r := s.items
	if in.Response != nil {
		r.about(in.Response)
	}
	switch typ {
	case "output_item.added", "output_item.done":
		item, err := itemOf(in.Item)
		if err != nil {
			return err
		}
		if typ == "output_item.done" {
			r.done(in.OutputIndex, item)
		} else {
			r.added(in.OutputIndex, item)
		}
	case "output_text.delta":
		r.say(r.at(in.OutputIndex, itemMessage), string(in.Delta), in.Logprobs)
	case "refusal.delta":
		r.refuse(r.at(in.OutputIndex, itemMessage), string(in.Delta))
	case sourceText + ".delta":
		r.think(r.at(in.OutputIndex, itemReasoning), sourceText, in.ContentIndex, string(in.Delta))
	case sourceSummary + ".delta":
		r.think(r.at(in.OutputIndex, itemReasoning), sourceSummary, in.SummaryIndex, string(in.Delta))
	case "function_call_arguments.delta":
		if it := r.at(in.OutputIndex, itemCall); in.Delta != "" && it.name != "" { // else its end tells them with the name
			r.argue(it, string(in.Delta))
		}
	case statusCompleted, statusIncomplete, statusFailed, statusCancelled:
		return s.end(typ, in.Response)
	}
	return nil
}

// end tells the rest of an answer that has ended.
func (s *ResponsesStream) end(status string, in *readResponse) error {
	s.done = true
	if in == nil {
		in = &readResponse{}
	}
	for i, raw := range in.Output {
		item, err := itemOf(raw)
		if err != nil {
			return err
		}
		s.items.recover(i, item)
	}
	return s.items.finish(in, status)
}

// responsesFailure returns the error that an event of the Responses API is, or nil: the
// event error, one with an error of its own, and that of an answer that has failed.
func responsesFailure(ev wire.Event, key string) *schemas.Error {
	typ := eventType(ev)
	if typ == "error" {
		return errorInStream(ev.Data, key)
	}
	if typ != statusFailed && !mentionsError(ev.Data) {
		return nil
	}
	v := gjson.GetManyBytes(ev.Data, "error", "response.error", "response", "object")
	switch {
	case dialect.Present([]byte(v[0].Raw)), v[3].Str == "error":
		return errorInStream(ev.Data, key)
	case typ == statusFailed && dialect.Present([]byte(v[1].Raw)):
		return errorInStream([]byte(v[2].Raw), key)
	}
	return nil
}
