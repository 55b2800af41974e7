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
}

// toolCall costs one token for its name, and those of its arguments.
type toolCall struct {
	id, name  string
	arguments passage
}

func (r *chatRequest) reply(ctx context.Context, u *Upstream, t ticket, s switches) reply {
	p := r.plan(u, t, s)
	if !r.Stream {
		return newReply(http.StatusOK, typeJSON, p.body())
	}
	rep := newReply(http.StatusOK, typeStream, nil)
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
	completion := 0
	for i := range p.choices {
		c := &p.choices[i]
		if len(tools) > 0 {
			*c = r.callTools(tools, t, i)
		} else {
			*c = r.write(u.cfg.Seed, size, i)
		}
		completion += c.tokens()
	}
	p.usage = usage{prompt: r.promptTokens(), completion: completion}
	return p
}

// write answers with text or JSON.
func (r *chatRequest) write(seed uint64, size, variant int) choice {
	c := choice{finish: "stop"}
	limit := r.tokenLimit()
	var cut bool
	if f := r.ResponseFormat; f == nil || f.Type == "text" {
		c.text = compose(seed, r.Messages, size, variant)
	} else {
		c.text = pieces(r.json(seed, size, variant))
	}
	if limit > 0 {
		c.text, cut = c.text.first(limit)
	}
	text, stopped := c.text.before(r.Stop)
	c.text = text
	if cut && !stopped {
		c.finish = "length"
	}
	return c
}

func (r *chatRequest) json(seed uint64, size, variant int) string {
	if r.ResponseFormat.Type == "json_schema" {
		return sample(r.ResponseFormat.JSONSchema.Schema)
	}
	text := appendString([]byte(`{"answer":`), compose(seed, r.Messages, size, variant).text)
	return string(append(text, '}'))
}

func (r *chatRequest) callTools(tools []chatTool, t ticket, variant int) choice {
	c := choice{finish: "tool_calls"}
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
	return c
}

func (c *choice) tokens() int {
	n := c.text.tokens()
	for i := range c.calls {
		n += 1 + c.calls[i].arguments.tokens()
	}
	return n
}
