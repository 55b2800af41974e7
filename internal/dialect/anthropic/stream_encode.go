package anthropic

import (
	"encoding/json"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// chunkWriter writes chunks as events: one block after the other, though chunks may
// mix what they add to. The end of the answer is written by AppendEnd: what a chunk
// says of it, its usage too, may come in any order.
type chunkWriter struct {
	dst []byte

	began bool
	index int    // of the next block
	open  string // the open block's type; "" if none is
	call  int    // of the open block, if it is one of a call
	input strings.Builder

	// waiting are pieces that another block's end must come before.
	waiting []piece
	// foreign are the pieces of another provider's thinking, which come at the end.
	foreign []schemas.ReasoningDetail

	calls    map[int]bool // calls that were begun
	finish   string
	sequence string
	refused  bool
	usage    *schemas.Usage
}

// piece is what a delta adds to one block.
type piece struct {
	typ       string
	text      string
	signature string
	detail    *schemas.ReasoningDetail // of a redacted block
	call      int
	tool      schemas.ToolCall
}

// Append implements dialect.ChunkWriter. Choices but the first are left out.
func (w *chunkWriter) Append(dst []byte, chunk *schemas.ChatChunk) ([]byte, error) {
	w.dst = dst
	if err := w.begin(chunk.ID, chunk.Model); err != nil {
		return dst, err
	}
	if chunk.Usage != nil {
		w.usage = chunk.Usage
	}
	for i := range chunk.Choices {
		c := &chunk.Choices[i]
		if c.Index != 0 {
			continue
		}
		for _, p := range w.pieces(&c.Delta) {
			if err := w.add(p); err != nil {
				return dst, err
			}
		}
		if c.FinishReason != nil {
			w.finish, w.sequence = *c.FinishReason, c.StopSequence
		}
	}
	return w.dst, nil
}

// pieces splits a delta, thinking first. Foreign thinking is kept for the end.
func (w *chunkWriter) pieces(d *schemas.Delta) []piece {
	var out []piece
	if d.Reasoning != "" && !ownText(d.ReasoningDetails) {
		out = append(out, piece{typ: blockThinking, text: d.Reasoning, call: -1})
	}
	for i := range d.ReasoningDetails {
		switch r := &d.ReasoningDetails[i]; {
		case r.Format != schemas.FormatAnthropic:
			w.keep(r)
		case r.Type == schemas.ReasoningEncrypted:
			out = append(out, piece{typ: blockRedacted, detail: r})
		default:
			out = append(out, piece{typ: blockThinking, text: r.Text, signature: r.Signature, call: r.Index})
		}
	}
	if text := d.Content + d.Refusal; text != "" {
		w.refused = w.refused || d.Refusal != ""
		out = append(out, piece{typ: blockText, text: text})
	}
	for i, c := range d.ToolCalls {
		if c.Index != nil {
			i = *c.Index
		}
		out = append(out, piece{typ: blockToolUse, call: i, tool: c})
	}
	return out
}

// keep adds a part to a piece of foreign thinking.
func (w *chunkWriter) keep(d *schemas.ReasoningDetail) {
	for i := range w.foreign {
		f := &w.foreign[i]
		if f.Index != d.Index || f.Type != d.Type || f.Format != d.Format {
			continue
		}
		f.Text, f.Summary, f.Signature, f.Data = f.Text+d.Text, f.Summary+d.Summary, f.Signature+d.Signature, f.Data+d.Data
		if f.ID == "" {
			f.ID = d.ID
		}
		return
	}
	w.foreign = append(w.foreign, *d)
}

// add writes a piece, or lets it wait while a call's arguments are not complete.
func (w *chunkWriter) add(p piece) error {
	if len(w.waiting) > 0 || !w.belongs(&p) && !w.complete() {
		if !w.belongs(&p) {
			w.waiting = append(w.waiting, p)
			return nil
		}
	}
	if err := w.write(&p); err != nil {
		return err
	}
	if w.complete() {
		return w.release(false)
	}
	return nil
}

// belongs reports whether a piece adds to the open block.
func (w *chunkWriter) belongs(p *piece) bool {
	return w.open == p.typ && p.typ != blockRedacted && (p.typ == blockText || w.call == p.call)
}

// complete reports whether the open block may end: a call whose arguments are whole,
// or any other.
func (w *chunkWriter) complete() bool {
	return w.open != blockToolUse || dialect.ValidText(w.input.String())
}

// release writes the pieces that waited, those of one block together. all: the answer
// ends, and with it every call.
func (w *chunkWriter) release(all bool) error {
	for len(w.waiting) > 0 && (all || w.complete()) {
		if err := w.write(&w.waiting[0]); err != nil {
			return err
		}
		rest := w.waiting[1:]
		w.waiting = nil
		for i := range rest {
			if !w.belongs(&rest[i]) {
				w.waiting = append(w.waiting, rest[i])
				continue
			}
			if err := w.write(&rest[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes a piece, in a new block if it does not belong to the open one.
func (w *chunkWriter) write(p *piece) error {
	if !w.belongs(p) {
		if p.typ == blockToolUse && w.calls[p.call] {
			if strings.TrimSpace(p.tool.Function.Arguments) == "" {
				return nil
			}
			return badArguments() // more than a whole object
		}
		if err := w.start(p); err != nil {
			return err
		}
	}
	switch p.typ {
	case blockText:
		return w.delta("text_delta", "text", p.text)
	case blockThinking:
		if p.text != "" {
			if err := w.delta("thinking_delta", "thinking", p.text); err != nil {
				return err
			}
		}
		if p.signature != "" {
			return w.delta("signature_delta", "signature", p.signature)
		}
	case blockToolUse:
		if p.tool.Function.Arguments != "" {
			w.input.WriteString(p.tool.Function.Arguments)
			return w.delta("input_json_delta", "partial_json", p.tool.Function.Arguments)
		}
	}
	return nil
}

// begin writes the beginning of the message, once.
func (w *chunkWriter) begin(id, model string) error {
	if w.began {
		return nil
	}
	w.began = true
	return w.event(eventMessageStart, struct {
		Type    string     `json:"type"`
		Message answerWire `json:"message"`
	}{eventMessageStart, answerWire{ID: id, Type: "message", Role: roleAssistant, Model: model, Content: []blockWire{}, Usage: usageOf(nil)}})
}

// start ends the open block and begins that of p.
func (w *chunkWriter) start(p *piece) error {
	if err := w.stop(); err != nil {
		return err
	}
	block := blockWire{Type: p.typ}
	empty := ""
	switch p.typ {
	case blockText:
		block = textBlock("")
	case blockThinking:
		block = blockWire{Type: blockThinking, Thinking: &empty, Signature: &empty}
	case blockRedacted:
		var err error
		if block, err = thinkingBlock(p.detail); err != nil {
			return err
		}
	case blockToolUse:
		block.ID, block.Name, block.Input = p.tool.ID, p.tool.Function.Name, json.RawMessage("{}")
		if w.calls == nil {
			w.calls = map[int]bool{}
		}
		w.calls[p.call] = true
		w.input.Reset()
	}
	w.open, w.call = p.typ, p.call
	return w.event(eventBlockStart, struct {
		Type  string    `json:"type"`
		Index int       `json:"index"`
		Block blockWire `json:"content_block"`
	}{eventBlockStart, w.index, block})
}

// stop ends the open block, if one is.
func (w *chunkWriter) stop() error {
	if w.open == "" {
		return nil
	}
	w.open = ""
	w.index++
	return w.event(eventBlockStop, struct {
		Type  string `json:"type"`
		Index int    `json:"index"`
	}{eventBlockStop, w.index - 1})
}

func (w *chunkWriter) delta(typ, field, text string) error {
	return w.event(eventBlockDelta, struct {
		Type  string            `json:"type"`
		Index int               `json:"index"`
		Delta map[string]string `json:"delta"`
	}{eventBlockDelta, w.index, map[string]string{"type": typ, field: text}})
}

func (w *chunkWriter) event(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return &schemas.Error{Kind: schemas.KindInternal, Message: "an event cannot be written as json", Err: err}
	}
	w.dst = wire.AppendEvent(w.dst, name, data)
	return nil
}

// AppendEnd implements dialect.ChunkWriter.
func (w *chunkWriter) AppendEnd(dst []byte) []byte {
	w.dst = dst
	if err := w.end(); err != nil {
		return AppendStreamError(w.dst, err)
	}
	return appendStop(w.dst)
}

// end writes what waited, and why the answer ended.
func (w *chunkWriter) end() error {
	if err := w.begin("", ""); err != nil {
		return err
	}
	if err := w.release(true); err != nil {
		return err
	}
	for i := range w.foreign {
		if err := w.start(&piece{typ: blockRedacted, detail: &w.foreign[i]}); err != nil {
			return err
		}
	}
	if err := w.stop(); err != nil {
		return err
	}
	stop := stopReason(w.finish, w.sequence, len(w.calls) > 0)
	if w.refused {
		stop = stopRefusal
	}
	var out struct {
		Type  string `json:"type"`
		Delta struct {
			StopReason   string  `json:"stop_reason"`
			StopSequence *string `json:"stop_sequence"`
		} `json:"delta"`
		Usage *usageWire `json:"usage"`
	}
	out.Type, out.Delta.StopReason, out.Usage = eventMessageDelta, stop, usageOf(w.usage)
	if stop == stopSequence {
		out.Delta.StopSequence = &w.sequence
	}
	return w.event(eventMessageDelta, &out)
}
