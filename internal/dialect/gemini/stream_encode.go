package gemini

import (
	"maps"
	"slices"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// chunkWriter writes chunks as events. Calls of functions come with the last event, as
// the dialect has them whole; so do signatures, the reason for the end and the usage.
type chunkWriter struct {
	// thoughts: the caller wants to see what the model thinks.
	thoughts bool
	// list writes the stream as one JSON array and not as events.
	list bool

	began     bool // the list
	head      answerWire
	usage     *schemas.Usage
	following schemas.ChatAccumulator // what comes with the last event
	finish    map[int]string
}

// Append implements dialect.ChunkWriter.
func (w *chunkWriter) Append(dst []byte, chunk *schemas.ChatChunk) ([]byte, error) {
	if w.finish == nil {
		w.finish = map[int]string{}
	}
	if chunk.ID != "" {
		w.head.ResponseID = chunk.ID
	}
	if chunk.Model != "" {
		w.head.ModelVersion = chunk.Model
	}
	if chunk.Usage != nil {
		w.usage = chunk.Usage
	}
	out := w.head
	for i := range chunk.Choices {
		c := &chunk.Choices[i]
		w.keep(c)
		parts := w.parts(&c.Delta)
		probabilities := logprobsOf(c.Logprobs)
		if len(parts) == 0 && probabilities == nil {
			continue
		}
		out.Candidates = append(out.Candidates, candidateWire{Index: c.Index, Logprobs: probabilities,
			Content: &contentWire{Role: roleModel, Parts: parts}})
	}
	if len(out.Candidates) == 0 {
		return dst, nil
	}
	return w.event(dst, &out)
}

// keep keeps what comes with the last event.
func (w *chunkWriter) keep(c *schemas.ChunkChoice) {
	finish := w.finish[c.Index]
	switch {
	case c.Delta.Refusal != "":
		finish = finishFilter
	case c.FinishReason != nil && finish != finishFilter: // a refusal ends as any other answer
		finish = *c.FinishReason
	}
	w.finish[c.Index] = finish
	w.following.Add(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Index: c.Index,
		Delta: schemas.Delta{ToolCalls: c.Delta.ToolCalls, ReasoningDetails: c.Delta.ReasoningDetails}}}})
}

// parts returns what of a delta is written at once.
func (w *chunkWriter) parts(d *schemas.Delta) []partWire {
	var parts []partWire
	if d.Reasoning != "" && w.thoughts {
		thought := textPart(d.Reasoning)
		thought.Thought = true
		parts = append(parts, thought)
	}
	for _, text := range []string{d.Content, d.Refusal} {
		if text != "" {
			parts = append(parts, textPart(text))
		}
	}
	return parts
}

// event appends one event, or one element of the list.
func (w *chunkWriter) event(dst []byte, v *answerWire) ([]byte, error) {
	data, err := answer(v)
	if err != nil {
		return dst, err
	}
	if !w.list {
		return wire.AppendEvent(dst, "", data), nil
	}
	separator := byte('[')
	if w.began {
		separator = ','
	}
	w.began = true
	return append(append(dst, separator), append(data, '\n')...), nil
}

// AppendEnd implements dialect.ChunkWriter. The dialect has no end mark.
func (w *chunkWriter) AppendEnd(dst []byte) []byte {
	last, err := w.last()
	if err == nil {
		dst, err = w.event(dst, last)
	}
	switch {
	case err != nil && !w.list:
		return AppendStreamError(dst, err)
	case err != nil:
		return dst // the list has no end, which its readers take for an error
	case w.list:
		return append(dst, ']')
	}
	return dst
}

// last returns the last event.
func (w *chunkWriter) last() (*answerWire, error) {
	out := w.head
	out.Usage = usageOf(w.usage)
	following := map[int]*schemas.ChatMessage{}
	rest := w.following.Response()
	for i := range rest.Choices {
		following[rest.Choices[i].Index] = &rest.Choices[i].Message
	}
	if len(w.finish) == 0 {
		w.finish = map[int]string{0: ""}
	}
	for _, index := range slices.Sorted(maps.Keys(w.finish)) {
		c := candidateWire{Index: index, FinishReason: reasonOf(w.finish[index]), Content: &contentWire{Role: roleModel}}
		if m := following[index]; m != nil {
			calls, err := callParts(m.ToolCalls)
			if err != nil {
				return nil, err
			}
			alone, err := signAnswer(m, nil, calls)
			if err != nil {
				return nil, err
			}
			c.Content.Parts = append(alone, calls...)
		}
		if len(c.Content.Parts) == 0 {
			c.Content.Parts = []partWire{textPart("")}
		}
		out.Candidates = append(out.Candidates, c)
	}
	return &out, nil
}
