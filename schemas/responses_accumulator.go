package schemas

import (
	"encoding/json"
	"slices"
	"strings"
)

// ResponsesAccumulator puts the events of a stream together to the answer that the same
// request would have without a stream; also of one that broke off, as far as it came.
// The zero value is ready. It is not safe for concurrent use.
type ResponsesAccumulator struct {
	response ResponsesResponse
	whole    bool // response is the last event's
	items    []*growingItem
}

// mostItems bounds the memory that a stream's own word can take: of items, and of the
// parts of one.
const mostItems = 4096

// growingItem is an item whose texts grow.
type growingItem struct {
	ResponsesItem
	arguments        strings.Builder
	content, summary []*growingPart
}

type growingPart struct {
	ResponsesPart
	text, refusal strings.Builder
}

// Add takes the next event, which is not modified.
func (a *ResponsesAccumulator) Add(e *ResponsesEvent) {
	if e.Response != nil {
		a.response = *e.Response
		a.whole = e.Ends() && len(e.Response.Output) > 0
		return
	}
	if e.OutputIndex < 0 || e.OutputIndex >= mostItems {
		return
	}
	switch e.Type {
	case EventOutputItemAdded, EventOutputItemDone:
		if e.Item != nil {
			a.items = grown(a.items, e.OutputIndex)
			a.items[e.OutputIndex] = newGrowingItem(e.Item)
		}
		return
	}
	if it := a.item(e); it != nil {
		it.add(e)
	}
}

// grown returns a list that has a place with the given index.
func grown[T any](list []*T, index int64) []*T {
	for int64(len(list)) <= index {
		list = append(list, nil)
	}
	return list
}

// item returns the item that an event belongs to, nil if there is none.
func (a *ResponsesAccumulator) item(e *ResponsesEvent) *growingItem {
	if e.OutputIndex >= int64(len(a.items)) {
		return nil
	}
	return a.items[e.OutputIndex]
}

func newGrowingItem(from *ResponsesItem) *growingItem {
	it := &growingItem{ResponsesItem: *from}
	it.arguments.WriteString(from.Arguments)
	if from.Content != nil {
		for i := range from.Content.Parts {
			it.content = append(it.content, newGrowingPart(&from.Content.Parts[i]))
		}
	}
	for i := range from.Summary {
		it.summary = append(it.summary, newGrowingPart(&from.Summary[i]))
	}
	return it
}

func newGrowingPart(from *ResponsesPart) *growingPart {
	p := &growingPart{ResponsesPart: *from}
	p.Annotations, p.Logprobs = slices.Clip(p.Annotations), slices.Clip(p.Logprobs) // the event's own
	p.text.WriteString(from.Text)
	p.refusal.WriteString(from.Refusal)
	return p
}

func (it *growingItem) add(e *ResponsesEvent) {
	switch e.Type {
	case EventContentPartAdded, EventContentPartDone:
		setPart(&it.content, e.ContentIndex, e.Part)
	case EventSummaryPartAdded, EventSummaryPartDone:
		setPart(&it.summary, e.SummaryIndex, e.Part)
	case EventArgumentsDelta:
		it.arguments.WriteString(e.Delta)
	case EventArgumentsDone:
		write(&it.arguments, e.Arguments)
	case EventSummaryDelta, EventSummaryDone:
		if p := part(&it.summary, e.SummaryIndex, PartSummaryText); p != nil {
			p.add(e)
		}
	case EventOutputTextDelta, EventOutputTextDone, EventAnnotationAdded:
		if p := part(&it.content, e.ContentIndex, PartOutputText); p != nil {
			p.add(e)
		}
	case EventRefusalDelta, EventRefusalDone:
		if p := part(&it.content, e.ContentIndex, PartRefusal); p != nil {
			p.add(e)
		}
	case EventReasoningDelta, EventReasoningDone:
		if p := part(&it.content, e.ContentIndex, PartReasoningText); p != nil {
			p.add(e)
		}
	}
}

func (p *growingPart) add(e *ResponsesEvent) {
	switch e.Type {
	case EventRefusalDelta:
		p.refusal.WriteString(e.Delta)
	case EventRefusalDone:
		write(&p.refusal, e.Refusal)
	case EventAnnotationAdded:
		p.Annotations = append(p.Annotations, e.Annotation)
	case EventOutputTextDelta, EventSummaryDelta, EventReasoningDelta:
		p.text.WriteString(e.Delta)
		if len(e.Logprobs) > 0 {
			p.Logprobs = append(p.Logprobs, e.Logprobs...)
		}
	default: // the text is done
		write(&p.text, e.Text)
	}
}

// write replaces what was written.
func write(b *strings.Builder, whole string) {
	b.Reset()
	b.WriteString(whole)
}

func setPart(list *[]*growingPart, index int64, from *ResponsesPart) {
	if from == nil || index < 0 || index >= mostItems {
		return
	}
	*list = grown(*list, index)
	(*list)[index] = newGrowingPart(from)
}

// part returns the part with an index, which is made if there is none; nil for an index
// that no honest stream has.
func part(list *[]*growingPart, index int64, typ string) *growingPart {
	if index < 0 || index >= mostItems {
		return nil
	}
	*list = grown(*list, index)
	if (*list)[index] == nil {
		(*list)[index] = &growingPart{ResponsesPart: ResponsesPart{Type: typ}}
	}
	return (*list)[index]
}

// Response returns the answer so far: the last event's, or what the events before it
// add up to. It shares what was added as a whole with them.
func (a *ResponsesAccumulator) Response() *ResponsesResponse {
	r := a.response
	if r.Object == "" {
		r.Object = "response"
	}
	if a.whole {
		return &r
	}
	r.Output = make([]ResponsesItem, 0, len(a.items))
	for _, it := range a.items {
		if it != nil {
			r.Output = append(r.Output, it.item())
		}
	}
	return &r
}

func (it *growingItem) item() ResponsesItem {
	out := it.ResponsesItem
	out.Arguments = it.arguments.String()
	if len(it.content) > 0 {
		out.Content = &ResponsesContent{Parts: partsOf(it.content)}
	}
	if len(it.summary) > 0 {
		out.Summary = partsOf(it.summary)
	}
	return out
}

func partsOf(list []*growingPart) []ResponsesPart {
	out := make([]ResponsesPart, 0, len(list))
	for _, p := range list {
		if p == nil {
			continue
		}
		whole := p.ResponsesPart
		whole.Text, whole.Refusal = p.text.String(), p.refusal.String()
		whole.Annotations, whole.Logprobs = slices.Clip(p.Annotations), slices.Clip(p.Logprobs)
		if whole.Annotations == nil && whole.Type == PartOutputText {
			whole.Annotations = []json.RawMessage{}
		}
		out = append(out, whole)
	}
	return out
}
