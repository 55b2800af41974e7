package simulated

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// plan is a chat answer, complete but not yet written, whole or as a stream.
type plan struct {
	id      string
	model   string
	created int64
	choices []choice
	usage   usage
}

// choice is one of the answers: text or calls.
type choice struct {
	text   passage
	calls  []toolCall
	finish string
	rare   *rareChoice // nil: nothing of it
}

// rareChoice is what few answers have.
type rareChoice struct {
	thoughts thoughts // come first
	refused  bool     // the text is why there is no answer
	stopped  string   // the stop sequence that ended the text; "" if none did
}

// toolCall costs one token for its name, and those of its arguments.
type toolCall struct {
	id, name  string
	arguments passage
}

func (r *chatRequest) reply(ctx context.Context, u *Upstream, t ticket, s switches) reply {
	p := r.plan(u, t, s)
	stopped := ""
	if rare := p.choices[0].rare; rare != nil {
		stopped = rare.stopped
	}
	if !r.Stream {
		rep := newReply(http.StatusOK, typeJSON, p.body())
		rep.stopped = stopped
		return rep
	}
	rep := newReply(http.StatusOK, typeStream, nil)
	rep.stopped = stopped
	rep.header["Cache-Control"] = []string{"no-cache"}
	rep.stream = newStream(ctx, u, p, r.includeUsage(), s.fault)
	return rep
}

func (r *chatRequest) plan(u *Upstream, t ticket, s switches) *plan {
	p := &plan{
		id:    "chatcmpl-sim-" + strconv.FormatUint(t.number, 10),
		model: r.Model, created: time.Now().Unix(),
		choices: make([]choice, r.choices()),
	}
	size := u.cfg.OutputTokens
	if s.tokens > 0 {
		size = s.tokens
	}
	tools := r.chosenTools()
	refused := r.wantsRefusal() || s.refuse
	completion := 0
	for i := range p.choices {
		c := &p.choices[i]
		r.think(c, u.cfg.Seed, size, t, i)
		switch {
		case refused:
			r.refuse(c)
		case len(tools) > 0:
			r.callTools(c, tools, t, i)
		default:
			r.write(c, u.cfg.Seed, size, i)
		}
		c.sign(u.cfg.Seed)
		completion += c.tokens()
	}
	p.usage = usage{prompt: r.promptTokens(), completion: completion, rare: r.rareUsage(u, p.choices)}
	return p
}

// write answers with text or JSON.
func (r *chatRequest) write(c *choice, seed uint64, size, variant int) {
	text := passage{}
	if f := r.ResponseFormat; f == nil || f.Type == "text" {
		text = compose(seed, r.opening(), r.Messages, size, variant)
	} else {
		text = pieces(r.json(seed, size, variant))
	}
	cut := r.say(c, text)
	text, stopped := c.text.before(r.Stop)
	c.text, c.finish = text, "stop"
	if stopped != "" {
		c.rarely().stopped = stopped
	} else if cut {
		c.finish = "length"
	}
}

// say answers with a text, as far as the caller's limit allows, and reports whether that
// left any of it out.
func (r *chatRequest) say(c *choice, text passage) (cut bool) {
	c.text = text
	if limit := r.tokenLimit(); limit > 0 {
		c.text, cut = text.first(limit - c.thinkingTokens())
	}
	return cut
}

func (r *chatRequest) json(seed uint64, size, variant int) string {
	if r.ResponseFormat.Type == "json_schema" {
		return sample(r.ResponseFormat.JSONSchema.Schema)
	}
	text := appendString([]byte(`{"answer":`), compose(seed, r.opening(), r.Messages, size, variant).text)
	return string(append(text, '}'))
}

func (r *chatRequest) callTools(c *choice, tools []chatTool, t ticket, variant int) {
	c.finish = "tool_calls"
	limit := r.tokenLimit()
	for i, tool := range tools {
		if limit > 0 && c.tokens() >= limit {
			c.finish = "length"
			break
		}
		call := toolCall{
			id: "call_sim_" + strconv.FormatUint(t.number, 10) + "_" +
				strconv.Itoa(variant*len(tools)+i),
			name: tool.Function.Name, arguments: pieces(sampleObject(tool.Function.Parameters)),
		}
		if limit > 0 {
			var cut bool
			if call.arguments, cut = call.arguments.first(limit - c.tokens() - 1); cut {
				c.finish = "length"
			}
		}
		c.calls = append(c.calls, call)
	}
}

func (c *choice) tokens() int {
	n := c.thinkingTokens() + c.text.tokens()
	for i := range c.calls {
		n += 1 + c.calls[i].arguments.tokens()
	}
	return n
}
