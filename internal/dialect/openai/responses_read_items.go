package openai

import (
	"cmp"
	"encoding/json"

	"bifrost/schemas"
)

// betweenItems separates the texts of several messages, and the parts of a summary.
const betweenItems = "\n\n"

// itemReader makes chunks of the items of a response, which come piece by piece or
// whole. What it has of a piece that came before is not told again.
type itemReader struct {
	id, model string
	created   int64
	chunks    []*schemas.ChatChunk // made and not taken

	begun   bool // a chunk was made, and the role with it
	items   map[int]*itemRead
	said    bool            // a text of the answer was told
	refused bool            // a refusal was told
	thought bool            // thinking was told
	known   map[string]bool // ids of the calls and of the reasoning that were told
	calls   int
	details int
}

// itemRead is an item under way.
type itemRead struct {
	kind  string
	ended bool

	said   bool   // a text or refusal of it was told
	source string // which of its texts is its thinking
	part   int    // of the thinking
	id     string // of a call
	name   string
	call   int // its index among the calls, if it was told
	told   bool
	argued bool // arguments were told
}

func newItemReader() *itemReader {
	return &itemReader{items: map[int]*itemRead{}, known: map[string]bool{}}
}

// about notes what a response says of itself.
func (r *itemReader) about(in *readResponse) {
	if in.ID != "" {
		r.id = in.ID
	}
	if in.Model != "" {
		r.model = in.Model
	}
	if in.CreatedAt != 0 {
		r.created = int64(in.CreatedAt)
	}
}

// tell makes a chunk of a delta; the first has the role.
func (r *itemReader) tell(d schemas.Delta) *schemas.ChunkChoice {
	if !r.begun {
		d.Role = roleAssistant
		r.begun = true
	}
	chunk := &schemas.ChatChunk{ID: r.id, Object: "chat.completion.chunk", Created: r.created, Model: r.model,
		Choices: []schemas.ChunkChoice{{Delta: d}}}
	r.chunks = append(r.chunks, chunk)
	return &chunk.Choices[0]
}

// at returns the item at a place of the output, of the given kind. An item that was
// announced as another one begins again: Perplexity announces its own searches as calls
// of functions.
func (r *itemReader) at(place int, kind string) *itemRead {
	it := r.items[place]
	if it == nil || it.kind != kind {
		it = &itemRead{kind: kind, part: -1}
		r.items[place] = it
	}
	return it
}

// added notes an item that begins. A call is told with its arguments, when it is certain
// that it is one.
func (r *itemReader) added(place int, in *readItem) {
	it := r.at(place, in.Type)
	if in.Type == itemCall {
		it.id, it.name = cmp.Or(in.CallID, in.ID), in.Name
	}
}

// say tells a piece of a text.
func (r *itemReader) say(it *itemRead, text string, logprobs []json.RawMessage) {
	if text == "" && len(logprobs) == 0 {
		return
	}
	if !it.said && r.said && text != "" {
		text = betweenItems + text
	}
	it.said, r.said = true, true
	choice := r.tell(schemas.Delta{Content: text})
	if len(logprobs) > 0 {
		choice.Logprobs, _ = json.Marshal(map[string][]json.RawMessage{"content": logprobs}) // they were read as json
	}
}

// refuse tells a piece of a refusal.
func (r *itemReader) refuse(it *itemRead, text string) {
	if text == "" {
		return
	}
	if !it.said && r.refused {
		text = betweenItems + text
	}
	it.said, r.refused = true, true
	r.tell(schemas.Delta{Refusal: text})
}

// Where an item of reasoning has its text: what the model thought, or a summary of it.
const (
	sourceText    = "reasoning_text"
	sourceSummary = "reasoning_summary_text"
)

// think tells a piece of thinking, of the source that came first.
func (r *itemReader) think(it *itemRead, source string, part int, text string) {
	if text == "" || it.source != "" && it.source != source {
		return
	}
	it.source = source
	if it.part != part && r.thought {
		text = betweenItems + text
	}
	it.part, r.thought = part, true
	r.tell(schemas.Delta{Reasoning: text})
}

// argue tells a piece of a call's arguments, and before the first one the call.
func (r *itemReader) argue(it *itemRead, arguments string) {
	call := schemas.ToolCall{Index: &it.call, Function: schemas.FunctionCall{Arguments: arguments}}
	if !it.told {
		it.told, it.call = true, r.calls
		r.calls++
		r.known[it.id] = true
		call.ID, call.Type, call.Function.Name = it.id, toolFunction, it.name
	}
	it.argued = it.argued || arguments != ""
	r.tell(schemas.Delta{ToolCalls: []schemas.ToolCall{call}})
}

// done tells what is left of an item that is whole.
func (r *itemReader) done(place int, in *readItem) {
	it := r.at(place, in.Type)
	if it.ended {
		return
	}
	it.ended = true
	switch in.Type {
	case itemMessage:
		r.messageDone(it, in)
	case itemReasoning:
		r.reasoningDone(it, in)
	case itemCall:
		r.callDone(it, in)
	}
}

func (r *itemReader) messageDone(it *itemRead, in *readItem) {
	if it.said {
		return
	}
	for _, p := range in.Content {
		switch p.Type {
		case partText, "text":
			r.say(it, p.Text, p.Logprobs)
		case partRefusal:
			r.refuse(it, p.Refusal)
		}
	}
}

func (r *itemReader) reasoningDone(it *itemRead, in *readItem) {
	if in.ID != "" {
		r.known[in.ID] = true
	}
	if it.source == "" {
		source, parts := sourceText, in.Content
		if textOfRead(parts) == "" {
			source, parts = sourceSummary, in.Summary
		}
		for i, p := range parts {
			r.think(it, source, i, p.Text)
		}
	}
	if in.EncryptedContent == "" {
		return // it cannot be sent back
	}
	var details []schemas.ReasoningDetail
	for _, p := range in.Summary {
		details = append(details, schemas.ReasoningDetail{Type: schemas.ReasoningSummary, Summary: p.Text, ID: in.ID, Format: schemas.FormatResponses})
	}
	r.detail(append(details, schemas.ReasoningDetail{Type: schemas.ReasoningEncrypted, Data: in.EncryptedContent, ID: in.ID,
		Format: schemas.FormatResponses})...)
}

func textOfRead(parts []readPart) (text string) {
	for _, p := range parts {
		text += p.Text
	}
	return text
}

// detail tells pieces of thinking that are to be sent back.
func (r *itemReader) detail(details ...schemas.ReasoningDetail) {
	for i := range details {
		details[i].Index = r.details
		r.details++
	}
	r.tell(schemas.Delta{ReasoningDetails: details})
}

// callDone completes a call. One without arguments has an empty object of them.
func (r *itemReader) callDone(it *itemRead, in *readItem) {
	it.id, it.name = cmp.Or(it.id, in.CallID, in.ID), cmp.Or(it.name, in.Name)
	switch {
	case it.argued:
	case in.Arguments == "":
		r.argue(it, "{}")
	default:
		r.argue(it, in.Arguments)
	}
	if in.ThoughtSignature != "" {
		r.detail(schemas.ReasoningDetail{Type: schemas.ReasoningEncrypted, Data: in.ThoughtSignature, ID: it.id, Format: schemas.FormatPerplexity})
	}
}

// recover tells what the end of a stream has of items that the stream itself has not
// told. Where a server counts its items otherwise there, their ids tell them apart.
func (r *itemReader) recover(place int, in *readItem) {
	if it := r.items[place]; it != nil && it.kind == in.Type {
		r.done(place, in)
		return
	}
	switch in.Type {
	case itemMessage:
		if r.said || r.refused {
			return
		}
	case itemCall:
		if r.known[cmp.Or(in.CallID, in.ID)] {
			return
		}
	case itemReasoning:
		if r.thought || r.known[in.ID] {
			return
		}
	}
	r.done(place, in)
}

// finish tells why the answer ended, and its usage in a chunk of its own.
func (r *itemReader) finish(in *readResponse, status string) error {
	finish, err := finishOf(in, status, r.calls > 0)
	if err != nil {
		return err
	}
	r.tell(schemas.Delta{}).FinishReason = &finish
	if usage := in.Usage.canonical(); usage != nil {
		r.chunks = append(r.chunks, &schemas.ChatChunk{ID: r.id, Object: "chat.completion.chunk", Created: r.created, Model: r.model,
			Choices: []schemas.ChunkChoice{}, Usage: usage})
	}
	return nil
}
