package simulated

import (
	"bytes"
	"encoding/base64"
	"strings"

	"bifrost/schemas"
)

// What few requests ask for is kept apart, so that the others need no memory for it.

// readRare reads it.
func (r *chatRequest) readRare(seed uint64, c call) *refusal {
	if fault := r.readThinking(seed, c); fault != nil {
		return fault
	}
	// A shorter body has no prompt of that many tokens.
	if len(c.body) >= 2*cachedFrom || bytes.Contains(c.body, []byte(`"cache_control"`)) {
		if ends, marked := r.prefixes(c.body); len(ends) > 0 {
			r.rarely().prompt, r.rarely().marked = ends, marked
		}
	}
	return nil
}

func (r *chatRequest) rarely() *rareRequest {
	if r.rare == nil {
		r.rare = new(rareRequest)
	}
	return r.rare
}

// rareUsage returns what of the tokens was cached and thought; nil for nothing.
func (r *chatRequest) rareUsage(u *Upstream, choices []choice) *rareUsage {
	if r.rare == nil {
		return nil
	}
	out := rareUsage{}
	if ends := r.rare.prompt; len(ends) > 0 {
		out.read = u.prompts.lookUp(ends)
		if r.rare.marked {
			out.written = ends[len(ends)-1].tokens - out.read
		}
	}
	for i := range choices {
		out.reasoning += choices[i].thinkingTokens()
	}
	if out == (rareUsage{}) {
		return nil
	}
	return &out
}

// refusalWord in the last message of the user makes the model refuse: it comes through
// every dialect, as a header may not.
const refusalWord = "[simulate: refuse]"

// refusalText is how it refuses.
const refusalText = "I am sorry, but I do not answer that."

func (r *chatRequest) wantsRefusal() bool {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role != "user" {
			continue
		}
		for text := range texts(r.Messages[i].Content) {
			if strings.Contains(text, refusalWord) {
				return true
			}
		}
		return false
	}
	return false
}

// refuse answers with a refusal.
func (r *chatRequest) refuse(c *choice) {
	c.rarely().refused = true
	c.finish = "stop"
	w := writer{limit: len(refusalText)}
	w.words(strings.Fields(refusalText))
	if r.say(c, passage{text: string(w.text), ends: w.ends}) {
		c.finish = "length"
	}
}

func (c *choice) refused() bool { return c.rare != nil && c.rare.refused }

// checkContent checks the documents of a message.
func checkContent(at string, c *schemas.Content) *refusal {
	if c == nil {
		return nil
	}
	for i := range c.Parts {
		f := c.Parts[i].File
		if f == nil || f.FileID != "" {
			continue
		}
		head, data, ok := strings.Cut(f.FileData, ";base64,")
		if !ok || !strings.HasPrefix(head, "data:") {
			return badRequest(at+".content", "a file needs file_data, a data: URL in base64, or a file_id")
		}
		if f.Filename == "" {
			return badRequest(at+".content", "a file with file_data needs a filename")
		}
		if _, err := base64.StdEncoding.DecodeString(data); err != nil {
			return badRequest(at+".content", "a file's file_data is not base64")
		}
	}
	return nil
}
