package simulated

import (
	"encoding/json"
	"net/http"
)

// script writes a plan's events in order: the roles, the tokens of all choices
// in turn, the finish reasons, the usage if asked for, and the end mark.
type script struct {
	plan   *plan
	usage  bool
	head   []byte // what each chunk begins with
	buffer []byte

	phase   phase
	choice  int // whose turn it is
	token   int // of each choice, in the tokens phase
	longest int // tokens of the longest choice
}

type phase int

const (
	phaseRoles phase = iota
	phaseTokens
	phaseFinish
	phaseUsage
	phaseDone
)

func newScript(p *plan, usage bool) script {
	s := script{plan: p, usage: usage}
	s.head = p.appendHead(append(make([]byte, 0, 192), "data: "...), "chat.completion.chunk")
	for i := range p.choices {
		s.longest = max(s.longest, p.choices[i].tokens())
	}
	return s
}

// due is how many tokens' time the next event comes after the headers.
func (s *script) due() int {
	switch s.phase {
	case phaseRoles:
		return 0
	case phaseTokens:
		return s.token + 1
	}
	return s.longest
}

// event returns the next event, valid until the next call, and whether it is
// the last one. It is not called again after that.
func (s *script) event() (event []byte, last bool) {
	b := append(s.buffer[:0], s.head...)
	switch s.phase {
	case phaseRoles:
		b = s.appendDelta(b, s.choice)
		b = s.endChunk(append(b, `{"role":"assistant","content":""},"finish_reason":null}`...))
	case phaseTokens:
		b = s.appendDelta(b, s.choice)
		b = s.plan.choices[s.choice].appendToken(b, s.token)
		b = s.endChunk(append(b, `,"finish_reason":null}`...))
	case phaseFinish:
		b = s.appendDelta(b, s.choice)
		b = appendString(append(b, `{},"finish_reason":`...), s.plan.choices[s.choice].finish)
		b = s.endChunk(append(b, '}'))
	case phaseUsage:
		b = s.plan.usage.append(append(b, `],"usage":`...))
		b = append(b, "}\n\n"...)
	case phaseDone:
		b = append(b[:0], "data: [DONE]\n\n"...)
		last = true
	}
	s.buffer = b
	s.advance()
	return b, last
}

func (s *script) appendDelta(b []byte, index int) []byte {
	return append(appendNumber(b, `{"index":`, index), `,"logprobs":null,"delta":`...)
}

// endChunk ends a chunk. The real API sends a null usage in every other chunk if
// usage was asked for.
func (s *script) endChunk(b []byte) []byte {
	b = append(b, ']')
	if s.usage {
		b = append(b, `,"usage":null`...)
	}
	return append(b, "}\n\n"...)
}

// advance moves to the next event there is. What the caller is not shown takes its time
// all the same.
func (s *script) advance() {
	for s.step(); s.phase == phaseTokens && !s.has(s.choice, s.token); {
		s.step()
	}
}

func (s *script) has(choice, token int) bool {
	c := &s.plan.choices[choice]
	return token < c.tokens() && !c.hides(token)
}

func (s *script) step() {
	if s.phase >= phaseUsage {
		s.phase++
		return
	}
	if s.choice++; s.choice < len(s.plan.choices) {
		return
	}
	s.choice = 0
	switch s.phase {
	case phaseRoles:
		s.phase = phaseTokens
	case phaseTokens:
		s.token++
	case phaseFinish:
		s.phase = phaseUsage
	}
	if s.phase == phaseTokens && s.token >= s.longest {
		s.phase = phaseFinish
	}
	if s.phase == phaseUsage && !s.usage {
		s.phase = phaseDone
	}
}

// appendToken writes the delta object of token i, which exists.
func (c *choice) appendToken(b []byte, i int) []byte {
	if n := c.thinkingTokens(); i < n {
		return c.rare.thoughts.appendToken(b, i)
	} else if i -= n; c.calls == nil {
		name := `{"content":`
		if c.refused() {
			name = `{"refusal":`
		}
		return append(appendString(append(b, name...), c.text.token(i)), '}')
	}
	for index := range c.calls {
		call := &c.calls[index]
		size := 1 + call.arguments.tokens()
		if i >= size {
			i -= size
			continue
		}
		b = appendNumber(b, `{"tool_calls":[{"index":`, index)
		text := ""
		if i == 0 {
			b = appendString(append(b, `,"id":`...), call.id)
			b = appendString(append(b, `,"type":"function","function":{"name":`...), call.name)
			b = append(b, `,"arguments":`...)
		} else {
			b = append(b, `,"function":{"arguments":`...)
			text = call.arguments.token(i - 1)
		}
		return append(appendString(b, text), "}}]}"...)
	}
	return append(b, "{}"...)
}

var streamErrorEvent = newStreamErrorEvent()

func newStreamErrorEvent() []byte {
	f := refusal{status: http.StatusInternalServerError, code: "stream_error",
		message: "simulated error in the middle of a stream"}
	body, err := json.Marshal(f.body())
	if err != nil {
		panic("simulated: bug: error event cannot be marshalled: " + err.Error())
	}
	return append(append([]byte("data: "), body...), "\n\n"...)
}
