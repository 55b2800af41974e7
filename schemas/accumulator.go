package schemas

import (
	"encoding/json"
	"maps"
	"strings"
)

// ChatAccumulator puts the chunks of a stream together to the answer that the same
// request would have without a stream. The zero value is ready. It is not safe for
// concurrent use.
type ChatAccumulator struct {
	response ChatResponse
	choices  []*choiceParts // by index; nil: none of that index yet
}

// mostChoices bounds the memory that a stream's own word can take.
const mostChoices = 1024

type choiceParts struct {
	role, finish, stop          string
	content, refusal, reasoning strings.Builder
	details                     []*detailParts
	detailAt                    map[int]*detailParts // by index
	calls                       []*callParts
	callAt                      map[int]*callParts // by index
	logprobs                    logprobParts
}

type detailParts struct {
	ReasoningDetail
	text, summary, data strings.Builder
}

type callParts struct {
	ToolCall
	arguments strings.Builder
}

// Add takes the next chunk, which is not modified.
func (a *ChatAccumulator) Add(chunk *ChatChunk) {
	r := &a.response
	r.ID, r.Model = orElse(r.ID, chunk.ID), orElse(r.Model, chunk.Model)
	r.SystemFingerprint = orElse(r.SystemFingerprint, chunk.SystemFingerprint)
	if r.Created == 0 {
		r.Created = chunk.Created
	}
	if chunk.Usage != nil {
		r.Usage = chunk.Usage
	}
	for i := range chunk.Choices {
		if c := a.choice(chunk.Choices[i].Index); c != nil {
			c.add(&chunk.Choices[i])
		}
	}
}

func orElse(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// choice returns the parts of the choice with the given index; nil for one that no
// honest stream has.
func (a *ChatAccumulator) choice(index int) *choiceParts {
	if index < 0 || index >= mostChoices {
		return nil
	}
	for len(a.choices) <= index {
		a.choices = append(a.choices, nil)
	}
	if a.choices[index] == nil {
		a.choices[index] = &choiceParts{}
	}
	return a.choices[index]
}

func (c *choiceParts) add(chunk *ChunkChoice) {
	d := &chunk.Delta
	c.role = orElse(c.role, d.Role)
	c.content.WriteString(d.Content)
	c.refusal.WriteString(d.Refusal)
	c.reasoning.WriteString(d.Reasoning)
	for i := range d.ReasoningDetails {
		c.addDetail(&d.ReasoningDetails[i])
	}
	for i := range d.ToolCalls {
		c.addCall(&d.ToolCalls[i], i)
	}
	if chunk.FinishReason != nil {
		c.finish = *chunk.FinishReason
	}
	c.stop = orElse(c.stop, chunk.StopSequence)
	c.logprobs.add(chunk.Logprobs)
}

func (c *choiceParts) addDetail(d *ReasoningDetail) {
	into := c.detailAt[d.Index]
	if into == nil {
		into = &detailParts{ReasoningDetail: ReasoningDetail{Type: d.Type, Index: d.Index}}
		c.details = append(c.details, into)
		if c.detailAt == nil {
			c.detailAt = map[int]*detailParts{}
		}
		c.detailAt[d.Index] = into
	}
	into.text.WriteString(d.Text)
	into.summary.WriteString(d.Summary)
	into.data.WriteString(d.Data)
	into.Signature += d.Signature
	into.ID, into.Format = orElse(into.ID, d.ID), orElse(into.Format, d.Format)
}

// addCall takes a piece of a call: of the one with its index, or, where the piece has
// none, of the one at its place.
func (c *choiceParts) addCall(call *ToolCall, place int) {
	index := place
	if call.Index != nil {
		index = *call.Index
	}
	into := c.callAt[index]
	if into == nil {
		into = &callParts{ToolCall: ToolCall{Type: "function"}}
		c.calls = append(c.calls, into)
		if c.callAt == nil {
			c.callAt = map[int]*callParts{}
		}
		c.callAt[index] = into
	}
	into.ID = orElse(into.ID, call.ID)
	into.Function.Name = orElse(into.Function.Name, call.Function.Name)
	into.Type = orElse(call.Type, into.Type)
	into.arguments.WriteString(call.Function.Arguments)
}

// logprobParts are the lists of tokens that each chunk has of its own.
type logprobParts struct {
	first json.RawMessage              // as it came; all that there is of a single one
	all   map[string]json.RawMessage   // of first, once there are more; nil if it is no object
	lists map[string][]json.RawMessage // by name, of all parts; those that are lists
	more  bool
}

func (l *logprobParts) add(part json.RawMessage) {
	if len(part) == 0 {
		return
	}
	if len(l.first) == 0 {
		l.first = part
		return
	}
	if !l.more {
		l.more, l.lists = true, map[string][]json.RawMessage{}
		if json.Unmarshal(l.first, &l.all) != nil {
			l.all = nil
		}
	}
	var more map[string]json.RawMessage
	if l.all == nil || json.Unmarshal(part, &more) != nil {
		return
	}
	for name, list := range more {
		var after []json.RawMessage
		if json.Unmarshal(list, &after) != nil {
			continue
		}
		before, known := l.lists[name]
		if !known && len(l.all[name]) > 0 && json.Unmarshal(l.all[name], &before) != nil {
			continue // it is no list
		}
		l.lists[name] = append(before, after...)
	}
}

// joined returns the lists, each in one piece.
func (l *logprobParts) joined() json.RawMessage {
	if l.all == nil {
		return l.first
	}
	out := maps.Clone(l.all)
	for name, list := range l.lists {
		if joined, err := json.Marshal(list); err == nil {
			out[name] = joined
		}
	}
	joined, err := json.Marshal(out)
	if err != nil {
		return l.first
	}
	return joined
}

// Response returns the answer so far. It shares nothing with later ones but what was
// added as a whole, such as Usage.
func (a *ChatAccumulator) Response() *ChatResponse {
	r := a.response
	r.Object = "chat.completion"
	r.Choices = make([]ChatChoice, 0, len(a.choices))
	for i, c := range a.choices {
		if c != nil {
			r.Choices = append(r.Choices, c.choice(i))
		}
	}
	return &r
}

func (c *choiceParts) choice(index int) ChatChoice {
	m := ChatMessage{Role: orElse(c.role, "assistant"), Reasoning: c.reasoning.String()}
	if c.content.Len() > 0 || len(c.calls) == 0 && c.refusal.Len() == 0 {
		m.Content = TextContent(c.content.String())
	}
	if c.refusal.Len() > 0 {
		refusal := c.refusal.String()
		m.Refusal = &refusal
	}
	for _, d := range c.details {
		detail := d.ReasoningDetail
		detail.Text, detail.Summary, detail.Data = d.text.String(), d.summary.String(), d.data.String()
		m.ReasoningDetails = append(m.ReasoningDetails, detail)
	}
	for _, call := range c.calls {
		whole := call.ToolCall
		whole.Function.Arguments = call.arguments.String()
		m.ToolCalls = append(m.ToolCalls, whole)
	}
	return ChatChoice{Index: index, Message: m, FinishReason: c.finish, Logprobs: c.logprobs.joined(), StopSequence: c.stop}
}
