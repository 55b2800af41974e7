package openai

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// responsesWriter writes chunks as the events of a response
// (https://platform.openai.com/docs/api-reference/responses-streaming). An item ends when
// another begins, but for a call whose arguments are not whole yet; those that are open
// end with the answer. Choices but the first are left out.
type responsesWriter struct {
	out   responseWire // without its output
	token string       // what the ids of the items have in common

	dst   []byte
	err   error // what a chunk had that cannot be written; nothing follows it
	seq   int
	began bool

	items    []*writtenItem
	open     []*writtenItem            // those of items that are not ended
	calls    map[int]*writtenItem      // by the index of the chunks
	unnamed  []schemas.ToolCall        // pieces of calls whose id is yet to come
	late     []schemas.ReasoningDetail // pieces of thinking that came within a text, and wait for its end
	logprobs []json.RawMessage         // of a text that is yet to come
	finish   string
	usage    *schemas.Usage
}

var _ dialect.FailureWriter = (*responsesWriter)(nil)

// newResponsesWriter returns a writer of the answer to a call with the given fields.
func newResponsesWriter(asked map[string]json.RawMessage) *responsesWriter {
	return &responsesWriter{out: newResponse(asked), calls: map[int]*writtenItem{}}
}

// Append implements dialect.ChunkWriter.
func (w *responsesWriter) Append(dst []byte, chunk *schemas.ChatChunk) ([]byte, error) {
	w.dst = dst
	w.begin(chunk)
	if chunk.Usage != nil {
		w.usage = chunk.Usage
	}
	for i := range chunk.Choices {
		c := &chunk.Choices[i]
		if c.Index != 0 {
			continue
		}
		w.keepLogprobs(c.Logprobs)
		w.delta(&c.Delta)
		if c.FinishReason != nil {
			w.finish = *c.FinishReason
		}
	}
	return w.dst, w.err
}

// AppendEnd implements dialect.ChunkWriter.
func (w *responsesWriter) AppendEnd(dst []byte) []byte {
	w.dst = dst
	w.begin(&schemas.ChatChunk{})
	w.flushLate()
	for len(w.unnamed) > 0 {
		call := w.waited(*w.unnamed[0].Index)
		w.beginCall(&call)
	}
	status := w.status()
	for _, it := range w.items {
		w.end(it, status)
	}
	w.event(responsesEvent{Type: "response." + status, Response: w.response(status)})
	if w.err != nil {
		return AppendStreamError(w.dst, w.err)
	}
	return w.dst
}

// AppendFailure implements dialect.FailureWriter.
func (w *responsesWriter) AppendFailure(dst []byte, err error) []byte {
	w.dst, w.err = dst, nil
	w.begin(&schemas.ChatChunk{})
	refusal := dialect.NewRefusal(err, nil)
	w.out.Error = &responseError{Code: "server_error", Message: refusal.Message()}
	if refusal.Status == http.StatusTooManyRequests {
		w.out.Error.Code = "rate_limit_exceeded"
	}
	w.event(responsesEvent{Type: "response." + statusFailed, Response: w.response(statusFailed)})
	return w.dst
}

// begin writes the beginning of the response, once.
func (w *responsesWriter) begin(chunk *schemas.ChatChunk) {
	if w.began {
		return
	}
	w.began = true
	w.out.ID, w.token = responseID(chunk)
	w.out.CreatedAt, w.out.Model = chunk.Created, chunk.Model
	w.event(responsesEvent{Type: "response.created", Response: w.response(statusInProgress)})
	w.event(responsesEvent{Type: "response." + statusInProgress, Response: w.response(statusInProgress)})
}

// responseID returns the id of the response that begins with a chunk, and what the ids of
// its items have in common: the provider's id where it can be part of one, which has 64
// characters at most.
func responseID(chunk *schemas.ChatChunk) (id, token string) {
	token = strings.TrimPrefix(chunk.ID, "resp_")
	if !plainWord(token, 48) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", chunk.ID, chunk.Model, chunk.Created))
		token = hex.EncodeToString(sum[:12])
	}
	return "resp_" + token, token
}

// status says how the answer ended.
func (w *responsesWriter) status() string {
	if w.finish == "length" || w.finish == "content_filter" {
		return statusIncomplete
	}
	return statusCompleted
}

// response returns the response as it is now.
func (w *responsesWriter) response(status string) *responseWire {
	out := w.out
	out.Status = status
	out.Output = make([]answerItem, 0, len(w.items))
	for _, it := range w.items {
		out.Output = append(out.Output, w.wire(it, status))
	}
	if status == statusInProgress {
		return &out
	}
	out.Usage = newResponsesUsage(w.usage)
	switch {
	case status != statusIncomplete:
	case w.finish == "length":
		out.IncompleteDetails = &incompleteDetails{"max_output_tokens"}
	default:
		out.IncompleteDetails = &incompleteDetails{w.finish}
	}
	return &out
}

// responsesEvent is an event; which field is set depends on Type.
type responsesEvent struct {
	Type           string            `json:"type"`
	SequenceNumber int               `json:"sequence_number"` // from 0
	Response       *responseWire     `json:"response,omitempty"`
	OutputIndex    *int              `json:"output_index,omitempty"`
	ItemID         string            `json:"item_id,omitempty"`
	ContentIndex   *int              `json:"content_index,omitempty"`
	SummaryIndex   *int              `json:"summary_index,omitempty"`
	Item           *answerItem       `json:"item,omitempty"`
	Part           *answerPart       `json:"part,omitempty"`
	Delta          *string           `json:"delta,omitempty"`
	Text           *string           `json:"text,omitempty"`
	Refusal        *string           `json:"refusal,omitempty"`
	Arguments      *string           `json:"arguments,omitempty"`
	Logprobs       []json.RawMessage `json:"logprobs,omitzero"`
}

// event appends an event with the next number.
func (w *responsesWriter) event(e responsesEvent) {
	if w.err != nil {
		return
	}
	e.SequenceNumber = w.seq
	data, err := json.Marshal(&e)
	if err != nil {
		w.err = &schemas.Error{Kind: schemas.KindInternal, Message: "an event cannot be written as json", Err: err}
		return
	}
	w.seq++
	w.dst = wire.AppendEvent(w.dst, e.Type, data)
}

// keepLogprobs notes the tokens of a text that a chunk tells.
func (w *responsesWriter) keepLogprobs(raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	for _, token := range gjson.GetBytes(raw, "content").Array() {
		if token.IsObject() {
			w.logprobs = append(w.logprobs, json.RawMessage(token.Raw))
		}
	}
}

// delta writes what a chunk adds.
func (w *responsesWriter) delta(d *schemas.Delta) {
	w.think(d)
	if d.Content != "" {
		w.say(partText, d.Content)
	}
	if d.Refusal != "" {
		w.say(partRefusal, d.Refusal)
	}
	for _, call := range indexed(d.ToolCalls) {
		w.callOn(&call)
	}
}

// think adds to the reasoning. Pieces of it that come without words within a text, as
// signatures do, wait for the text's end.
func (w *responsesWriter) think(d *schemas.Delta) {
	if d.Reasoning == "" && len(d.ReasoningDetails) == 0 {
		return
	}
	if last := w.last(); d.Reasoning == "" && last != nil && last.kind == itemMessage {
		w.late = append(w.late, d.ReasoningDetails...)
		return
	}
	it := w.turnTo(itemReasoning)
	it.learn(d.ReasoningDetails)
	if d.Reasoning != "" {
		w.write(it, partSummary, d.Reasoning)
	}
}

// flushLate writes the pieces of thinking that waited, as an item of their own.
func (w *responsesWriter) flushLate() {
	if len(w.late) == 0 {
		return
	}
	late := w.late
	w.late = nil
	w.turnTo(itemReasoning).learn(late)
}

// say adds to the message.
func (w *responsesWriter) say(part, text string) {
	w.write(w.turnTo(itemMessage), part, text)
}

// callOn adds to a call. One whose id has not come waits for it, to the end of the answer
// at most: an item begins with its id.
func (w *responsesWriter) callOn(call *schemas.ToolCall) {
	it := w.calls[*call.Index]
	switch {
	case it != nil:
		it.name = cmp.Or(it.name, call.Function.Name)
		w.argueOn(it, call.Function.Arguments)
	default:
		if w.unnamed = append(w.unnamed, *call); call.ID == "" {
			return
		}
		whole := w.waited(*call.Index)
		w.beginCall(&whole)
	}
}

// waited returns what there is of a call that waited, which waits no more.
func (w *responsesWriter) waited(index int) schemas.ToolCall {
	whole := schemas.ToolCall{Index: &index}
	var arguments strings.Builder
	w.unnamed = slices.DeleteFunc(w.unnamed, func(piece schemas.ToolCall) bool {
		if *piece.Index != index {
			return false
		}
		whole.ID, whole.Function.Name = cmp.Or(whole.ID, piece.ID), cmp.Or(whole.Function.Name, piece.Function.Name)
		arguments.WriteString(piece.Function.Arguments)
		return true
	})
	whole.Function.Arguments = arguments.String()
	return whole
}

// beginCall begins the item of a call.
func (w *responsesWriter) beginCall(call *schemas.ToolCall) {
	it := w.newItem(itemCall, func(it *writtenItem) {
		it.callID, it.name = cmp.Or(call.ID, "call_"+it.id), call.Function.Name
	})
	w.calls[*call.Index] = it
	w.argueOn(it, call.Function.Arguments)
}

// argueOn adds to the arguments of a call.
func (w *responsesWriter) argueOn(it *writtenItem, arguments string) {
	switch {
	case arguments == "", it.ended && strings.TrimSpace(arguments) == "":
	case it.ended:
		w.err = dialect.BadAnswer("the arguments of a tool call went on after their end; try again")
	default:
		w.argue(it, arguments)
	}
}
