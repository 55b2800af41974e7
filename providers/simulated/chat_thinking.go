package simulated

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"bifrost/schemas"
)

// wish says how the model is to think.
type wish struct {
	format string // of ReasoningDetail: that of the caller's dialect
	hidden bool   // the caller is not shown the text
	budget int    // tokens; 0: as many as the simulation likes
}

// thoughts are the thinking before an answer, one token for each word.
type thoughts struct {
	passage
	wish
	id        string // of OpenAI's item of reasoning
	call      string // the id of the call that they led to, if any
	signature string
}

// leadThought begins the thinking; what would be the answer follows.
var leadThought = strings.Fields("Before I say it I think:")

// wishOf returns how the caller wants the model to think; nil for not at all.
func wishOf(c call) (*wish, *refusal) {
	if c.chat != nil {
		t := c.chat.Thinking
		if t == nil || t.Off {
			return nil, nil
		}
		w := &wish{format: schemas.FormatAnthropic, hidden: t.Hidden, budget: t.Budget}
		if c.dialect == schemas.DialectGemini {
			w.format = schemas.FormatGemini
		}
		return w, nil
	}
	var asked struct {
		Effort string `json:"reasoning_effort"`
	}
	if fault := decode(c.body, &asked); fault != nil {
		return nil, fault
	}
	switch asked.Effort {
	case "", "none":
		return nil, nil
	case "minimal", "low", "medium", "high", "xhigh", "max":
		return &wish{format: schemas.FormatResponses}, nil
	}
	return nil, badRequest("reasoning_effort", "reasoning_effort must be none, minimal, low, medium, high, xhigh or max")
}

// readThinking reads how the model is to think, and checks the thinking that comes back
// from earlier answers. A body that has the word nowhere has neither.
func (r *chatRequest) readThinking(seed uint64, c call) *refusal {
	thinks := c.chat != nil && c.chat.Thinking != nil
	if !thinks && !bytes.Contains(c.body, []byte(`"reasoning_`)) {
		return nil
	}
	w, fault := wishOf(c)
	if fault != nil {
		return fault
	}
	if w != nil && w.format == schemas.FormatAnthropic {
		if fault := r.checkClaude(c.chat); fault != nil {
			return fault
		}
	}
	var in struct {
		Messages []struct {
			Details []schemas.ReasoningDetail `json:"reasoning_details"`
		} `json:"messages"`
	}
	if fault := decode(c.body, &in); fault != nil {
		return fault
	}
	own := formatOf(c.dialect)
	known := 0
	for i, m := range in.Messages {
		for j := range m.Details {
			d := &m.Details[j]
			if d.Format != own || d.Type == schemas.ReasoningSummary {
				continue // what another provider thought, or says nothing of its own
			}
			if !genuine(seed, d) {
				at := "messages[" + strconv.Itoa(i) + "].reasoning_details[" + strconv.Itoa(j) + "]"
				return badRequest(at, "a piece of thinking has a signature that this provider did not give for it; send it back as it came")
			}
			known++
		}
	}
	if w != nil || known > 0 {
		r.rarely().thinking, r.rarely().known = w, known
	}
	return nil
}

// formatOf returns the format of thinking in a dialect.
func formatOf(d schemas.Dialect) string {
	switch d {
	case schemas.DialectAnthropic:
		return schemas.FormatAnthropic
	case schemas.DialectGemini:
		return schemas.FormatGemini
	}
	return schemas.FormatResponses
}

// genuine reports whether a piece of thinking is as it was given. Only Anthropic's has
// its text with it.
func genuine(seed uint64, d *schemas.ReasoningDetail) bool {
	if d.Type == schemas.ReasoningText {
		return signed(seed, d.Format, d.Text, d.Signature)
	}
	return d.Format != schemas.FormatAnthropic && signed(seed, d.Format, "", d.Data)
}

// think thinks before an answer: as long as half of it, within the budget and the
// caller's limit.
func (r *chatRequest) think(c *choice, seed uint64, size int, t ticket, variant int) {
	if r.rare == nil || r.rare.thinking == nil {
		return
	}
	w := *r.rare.thinking
	size = (size + 1) / 2
	for _, limit := range []int{w.budget, r.tokenLimit()} {
		if limit > 0 {
			size = min(size, limit)
		}
	}
	c.rarely().thoughts = thoughts{wish: w, passage: compose(seed, leadThought, r.Messages, size, variant),
		id: "rs_sim_" + strconv.FormatUint(t.number, 10) + "_" + strconv.Itoa(variant)}
}

// sign signs what was thought before an answer, which is complete.
func (c *choice) sign(seed uint64) {
	if c.thinkingTokens() == 0 {
		return
	}
	t := &c.rare.thoughts
	shown := ""
	if t.format == schemas.FormatAnthropic && !t.hidden {
		shown = t.text
	}
	t.signature = sign(seed, t.format, t.text, shown)
	if len(c.calls) > 0 {
		t.call = c.calls[0].id
	}
}

// opening begins an answer to a conversation in which thinking came back, so that a
// caller can tell.
func (r *chatRequest) opening() []string {
	if r.rare == nil || r.rare.known == 0 {
		return nil
	}
	if r.rare.known == 1 {
		return strings.Fields("I remember 1 thought.")
	}
	return []string{"I", "remember", strconv.Itoa(r.rare.known), "thoughts."}
}

func (c *choice) rarely() *rareChoice {
	if c.rare == nil {
		c.rare = new(rareChoice)
	}
	return c.rare
}

func (c *choice) thinkingTokens() int {
	if c.rare == nil {
		return 0
	}
	return c.rare.thoughts.tokens()
}

// hides reports whether token i is of thinking that the caller is not shown; with the
// last one comes its signature.
func (c *choice) hides(i int) bool {
	return c.rare != nil && c.rare.thoughts.hidden && i < c.rare.thoughts.tokens()-1
}

// appendThoughts writes the members of a message that has thoughts.
func (c *choice) appendThoughts(b []byte) []byte {
	if c.thinkingTokens() == 0 {
		return b
	}
	t := &c.rare.thoughts
	return t.appendMembers(append(b, ','), t.text, true)
}

// appendToken writes the delta object of token i.
func (t *thoughts) appendToken(b []byte, i int) []byte {
	return append(t.appendMembers(append(b, '{'), t.token(i), i == t.tokens()-1), '}')
}

// appendMembers writes a text of the thoughts, if the caller is to see it, and the pieces
// of thinking; with the last text, their signature.
func (t *thoughts) appendMembers(b []byte, text string, last bool) []byte {
	if t.hidden {
		text = ""
	} else {
		b = appendString(append(b, `"reasoning_content":`...), text)
	}
	details := t.details(text, last)
	if len(details) == 0 {
		return b
	}
	if !t.hidden {
		b = append(b, ',')
	}
	list, err := json.Marshal(details)
	if err != nil {
		panic("simulated: bug: pieces of thinking cannot be marshalled: " + err.Error())
	}
	return append(append(b, `"reasoning_details":`...), list...)
}

// details returns the pieces of thinking in the format of the caller's dialect.
func (t *thoughts) details(text string, last bool) []schemas.ReasoningDetail {
	signature := ""
	if last {
		signature = t.signature
	}
	d := schemas.ReasoningDetail{Format: t.format}
	switch t.format {
	case schemas.FormatAnthropic:
		d.Type, d.Text, d.Signature = schemas.ReasoningText, text, signature
		return []schemas.ReasoningDetail{d}
	case schemas.FormatResponses:
		summary := d
		summary.Type, summary.Summary, summary.ID = schemas.ReasoningSummary, text, t.id
		d.ID, d.Index = t.id, 1
		if !last {
			return []schemas.ReasoningDetail{summary}
		}
		d.Type, d.Data = schemas.ReasoningEncrypted, signature
		return []schemas.ReasoningDetail{summary, d}
	}
	if !last {
		return nil
	}
	d.Type, d.Data, d.ID = schemas.ReasoningEncrypted, signature, t.call
	return []schemas.ReasoningDetail{d}
}
