package simulated

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// usage counts tokens.
type usage struct {
	prompt, completion int
	rare               *rareUsage // nil: all zero
}

// rareUsage is the part of the counts that few answers have.
type rareUsage struct {
	read, written int // of the prompt: from a cache, and to one
	reasoning     int // of the completion
}

func (u usage) append(b []byte) []byte {
	b = appendNumber(b, `{"prompt_tokens":`, u.prompt)
	b = appendNumber(b, `,"completion_tokens":`, u.completion)
	b = appendNumber(b, `,"total_tokens":`, u.prompt+u.completion)
	if d := u.rare; d != nil {
		b = appendNumber(b, `,"prompt_tokens_details":{"cached_tokens":`, d.read)
		if d.written > 0 {
			b = appendNumber(b, `,"cache_write_tokens":`, d.written)
		}
		b = appendNumber(b, `},"completion_tokens_details":{"reasoning_tokens":`, d.reasoning)
		b = append(b, '}')
	}
	return append(b, '}')
}

// body writes the whole answer as one JSON document.
func (p *plan) body() []byte {
	b := make([]byte, 0, 512)
	b = p.appendHead(b, "chat.completion")
	for i := range p.choices {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.choices[i].append(b, i)
	}
	b = append(b, `],"usage":`...)
	return append(p.usage.append(b), '}')
}

// appendHead writes what an answer and each of its chunks begin with, up to the
// elements of choices.
func (p *plan) appendHead(b []byte, object string) []byte {
	b = appendString(append(b, `{"id":`...), p.id)
	b = appendString(append(b, `,"object":`...), object)
	b = append(b, `,"created":`...)
	b = strconv.AppendInt(b, p.created, 10)
	b = appendString(append(b, `,"model":`...), p.model)
	return append(b, `,"system_fingerprint":"fp_simulated","choices":[`...)
}

func (c *choice) append(b []byte, index int) []byte {
	b = appendNumber(b, `{"index":`, index)
	b = append(b, `,"message":{"role":"assistant","content":`...)
	switch {
	case c.refused():
		b = appendString(append(b, `null,"refusal":`...), c.text.text)
	case c.calls == nil:
		b = append(appendString(b, c.text.text), `,"refusal":null`...)
	default:
		b = append(b, `null,"refusal":null`...)
	}
	b = c.appendThoughts(b)
	for i := range c.calls {
		if i == 0 {
			b = append(b, `,"tool_calls":[`...)
		} else {
			b = append(b, ',')
		}
		b = c.calls[i].append(b)
	}
	if c.calls != nil {
		b = append(b, ']')
	}
	b = append(b, `},"logprobs":null,"finish_reason":`...)
	return append(appendString(b, c.finish), '}')
}

func (c *toolCall) append(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), c.id)
	b = appendString(append(b, `,"type":"function","function":{"name":`...), c.name)
	b = appendString(append(b, `,"arguments":`...), c.arguments.text)
	return append(b, "}}"...)
}

func appendNumber(b []byte, name string, n int) []byte {
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}

// appendString writes s as a JSON string; plain text goes without a detour.
func appendString(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < utf8.RuneSelf && c != 0x7f:
			b = append(b, c)
		default:
			return appendRareString(b[:start], s)
		}
	}
	return append(b, '"')
}

func appendRareString(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic("simulated: bug: string cannot be marshalled: " + err.Error())
	}
	return append(b, text...)
}
