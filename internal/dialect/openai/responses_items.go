package openai

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// writtenItem is an item of the output, as far as it is written.
type writtenItem struct {
	kind  string // itemMessage, itemReasoning or itemCall
	id    string
	at    int // its place in the output
	ended bool
	// status is how it ended.
	status string

	parts []*writtenPart // of a message, or of a summary of reasoning

	callID, name string
	arguments    strings.Builder

	// thinking are the pieces of its provider's, which come back as they were.
	thinking schemas.ChatAccumulator
	// encrypted is what holds them, once it has ended.
	encrypted string
}

type writtenPart struct {
	typ      string
	text     strings.Builder
	logprobs []json.RawMessage
}

func (p *writtenPart) wire() answerPart { return newPart(p.typ, p.text.String(), p.logprobs) }

// learn keeps pieces of thinking.
func (it *writtenItem) learn(details []schemas.ReasoningDetail) {
	if len(details) > 0 {
		it.thinking.Add(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{ReasoningDetails: details}}}})
	}
}

// learned returns the pieces of thinking.
func (it *writtenItem) learned() []schemas.ReasoningDetail {
	choices := it.thinking.Response().Choices
	if len(choices) == 0 {
		return nil
	}
	return choices[0].Message.ReasoningDetails
}

// last returns the item that was begun last; nil if none was.
func (w *responsesWriter) last() *writtenItem {
	if len(w.items) == 0 {
		return nil
	}
	return w.items[len(w.items)-1]
}

// turnTo returns the last item if it is of a kind, and else begins one.
func (w *responsesWriter) turnTo(kind string) *writtenItem {
	if last := w.last(); last != nil && last.kind == kind && !last.ended {
		return last
	}
	return w.newItem(kind, nil)
}

// newItem begins an item, and ends those before it that can end.
func (w *responsesWriter) newItem(kind string, fill func(*writtenItem)) *writtenItem {
	if kind == itemCall {
		w.flushLate()
	}
	w.open = slices.DeleteFunc(w.open, func(it *writtenItem) bool {
		if it.kind != itemCall || dialect.ValidText(it.arguments.String()) {
			w.end(it, statusCompleted)
		}
		return it.ended
	})
	it := &writtenItem{kind: kind, at: len(w.items)}
	it.id = map[string]string{itemMessage: "msg_", itemReasoning: "rs_", itemCall: "fc_"}[kind] + w.token + "_" + strconv.Itoa(it.at)
	if fill != nil {
		fill(it)
	}
	w.items, w.open = append(w.items, it), append(w.open, it)
	item := w.wire(it, statusInProgress)
	w.event(responsesEvent{Type: "response.output_item.added", OutputIndex: &it.at, Item: &item})
	return it
}

// about returns an event about the last part of an item.
func (it *writtenItem) about(name string) responsesEvent {
	index := len(it.parts) - 1
	e := responsesEvent{Type: "response." + name, ItemID: it.id, OutputIndex: &it.at, ContentIndex: &index}
	if it.kind == itemReasoning {
		e.ContentIndex, e.SummaryIndex = nil, &index
	}
	return e
}

// eventNames returns what the events of a part, and of its text, are called.
func (p *writtenPart) eventNames() (part, text string) {
	switch p.typ {
	case partSummary:
		return "reasoning_summary_part", "reasoning_summary_text"
	case partRefusal:
		return "content_part", "refusal"
	}
	return "content_part", "output_text"
}

// write adds text to a part of an item: its last one, or a new one if that is of another
// type.
func (w *responsesWriter) write(it *writtenItem, typ, text string) {
	n := len(it.parts)
	if n == 0 || it.parts[n-1].typ != typ {
		w.endPart(it)
		p := &writtenPart{typ: typ}
		it.parts = append(it.parts, p)
		name, _ := p.eventNames()
		e, part := it.about(name+".added"), p.wire()
		e.Part = &part
		w.event(e)
	}
	p := it.parts[len(it.parts)-1]
	p.text.WriteString(text)
	_, name := p.eventNames()
	e := it.about(name + ".delta")
	e.Delta = &text
	if typ == partText {
		e.Logprobs = listed(w.logprobs)
		p.logprobs, w.logprobs = append(p.logprobs, w.logprobs...), nil
	}
	w.event(e)
}

// endPart ends the last part of an item, if it has one.
func (w *responsesWriter) endPart(it *writtenItem) {
	if len(it.parts) == 0 {
		return
	}
	p := it.parts[len(it.parts)-1]
	if p.typ == partText {
		p.logprobs, w.logprobs = append(p.logprobs, w.logprobs...), nil
	}
	part := p.wire()
	partName, textName := p.eventNames()
	e := it.about(textName + ".done")
	e.Text, e.Refusal, e.Logprobs = part.Text, part.Refusal, part.Logprobs
	w.event(e)
	e = it.about(partName + ".done")
	e.Part = &part
	w.event(e)
}

// argue adds to the arguments of a call.
func (w *responsesWriter) argue(it *writtenItem, arguments string) {
	it.arguments.WriteString(arguments)
	w.event(responsesEvent{Type: "response.function_call_arguments.delta", ItemID: it.id, OutputIndex: &it.at, Delta: &arguments})
}

// end ends an item, once.
func (w *responsesWriter) end(it *writtenItem, status string) {
	if it.ended {
		return
	}
	switch it.kind {
	case itemCall:
		if it.arguments.Len() == 0 && status == statusCompleted {
			w.argue(it, "{}") // clients read it as json
		}
		all := it.arguments.String()
		w.event(responsesEvent{Type: "response.function_call_arguments.done", ItemID: it.id, OutputIndex: &it.at, Arguments: &all})
	case itemReasoning:
		w.endPart(it)
		var err error
		if it.encrypted, err = wrap(it.learned()); err != nil && w.err == nil {
			w.err = err
		}
	default:
		w.endPart(it)
	}
	it.ended, it.status = true, status
	item := w.wire(it, status)
	w.event(responsesEvent{Type: "response.output_item.done", OutputIndex: &it.at, Item: &item})
}

// wire returns an item as it is now, in a response of the given status.
func (w *responsesWriter) wire(it *writtenItem, status string) answerItem {
	switch {
	case it.ended:
		status = it.status
	case status == statusFailed:
		status = statusIncomplete
	}
	out := answerItem{Type: it.kind, ID: it.id}
	parts := make([]answerPart, 0, len(it.parts))
	for _, p := range it.parts {
		parts = append(parts, p.wire())
	}
	switch it.kind {
	case itemCall:
		arguments := it.arguments.String()
		out.Status, out.CallID, out.Name, out.Arguments = status, it.callID, &it.name, &arguments
	case itemReasoning:
		out.Summary, out.EncryptedContent = parts, it.encrypted
	default:
		out.Status, out.Role, out.Content = status, roleAssistant, parts
	}
	return out
}
