package simulated

import (
	"bytes"
	"hash/maphash"
	"sync"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

const (
	// keptPrompts is how many beginnings of prompts are remembered; the oldest is
	// forgotten for a new one.
	keptPrompts = 1024

	// cachedFrom is the length in tokens from which a prompt without markers is
	// cached, which is OpenAI's
	// (https://platform.openai.com/docs/guides/prompt-caching).
	cachedFrom = 1024
)

// promptCache remembers that it has seen prompts, or beginnings of them; of their text
// it keeps nothing. It is safe for concurrent use. The zero value is empty.
type promptCache struct {
	mu   sync.Mutex
	seen map[uint64]bool
	ring []uint64 // what seen has, the oldest at next
	next int
}

// prefix is the beginning of a prompt, up to where it may be cached.
type prefix struct {
	hash   uint64
	tokens int // of it
}

// lookUp returns how many tokens of a prompt were cached before, and remembers all of
// its prefixes. A longer prefix comes after a shorter one.
func (c *promptCache) lookUp(prefixes []prefix) (read int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range prefixes {
		if c.seen[p.hash] {
			read = max(read, p.tokens)
			continue
		}
		c.addLocked(p.hash)
	}
	return read
}

func (c *promptCache) addLocked(hash uint64) {
	if c.seen == nil {
		c.seen = map[uint64]bool{}
	}
	c.seen[hash] = true
	if len(c.ring) < keptPrompts {
		c.ring = append(c.ring, hash)
		return
	}
	delete(c.seen, c.ring[c.next])
	c.ring[c.next] = hash
	c.next = (c.next + 1) % keptPrompts
}

var promptSeed = maphash.MakeSeed()

// prompt walks over what a model reads, in its order: the tools, then the messages.
type prompt struct {
	hash   maphash.Hash
	tokens int

	marked bool // some end is marked: only such ends count
	ends   []prefix
}

// prefixes returns the beginnings of a prompt that may be cached, and whether the caller
// has marked them: those that end at a marker, else those of whole messages, from
// cachedFrom tokens on.
func (r *chatRequest) prefixes(body []byte) (ends []prefix, marked bool) {
	p := &prompt{marked: r.marks()}
	if !p.marked && r.promptTokens() < cachedFrom {
		return nil, false
	}
	p.hash.SetSeed(promptSeed)
	p.write(r.Model)
	var tools, messages []gjson.Result
	if len(r.Tools) > 0 {
		tools = gjson.GetBytes(body, "tools").Array()
	}
	if bytes.Contains(body, []byte(`"tool_calls"`)) {
		messages = gjson.GetBytes(body, "messages").Array()
	}
	for i := range r.Tools {
		if i < len(tools) {
			p.write(tools[i].Get("function").Raw)
		}
		p.end(r.Tools[i].CacheControl != nil, false)
	}
	for i := range r.Messages {
		m := &r.Messages[i]
		p.write(m.Role)
		p.write(m.ToolCallID)
		if i < len(messages) {
			p.write(messages[i].Get("tool_calls").Raw)
		}
		p.content(m.Content)
		p.end(false, true)
	}
	return p.ends, p.marked
}

// marks reports whether the caller has marked what may be cached.
func (r *chatRequest) marks() bool {
	for i := range r.Tools {
		if r.Tools[i].CacheControl != nil {
			return true
		}
	}
	for i := range r.Messages {
		if c := r.Messages[i].Content; c != nil {
			for j := range c.Parts {
				if c.Parts[j].CacheControl != nil {
					return true
				}
			}
		}
	}
	return false
}

func (p *prompt) content(c *schemas.Content) {
	if c == nil {
		return
	}
	if c.Parts == nil {
		p.write(c.Text)
		p.tokens += countWords(c.Text)
		return
	}
	for i := range c.Parts {
		part := &c.Parts[i]
		p.write(part.Text)
		p.media(part)
		p.tokens += countPart(part)
		p.end(part.CacheControl != nil, false)
	}
}

func (p *prompt) media(part *schemas.ContentPart) {
	switch {
	case part.ImageURL != nil:
		p.write(part.ImageURL.URL)
	case part.InputAudio != nil:
		p.write(part.InputAudio.Data)
	case part.VideoURL != nil:
		p.write(part.VideoURL.URL)
	case part.File != nil:
		p.write(part.File.FileData)
		p.write(part.File.FileURL)
		p.write(part.File.FileID)
	}
}

// write adds one field to the hash.
func (p *prompt) write(field string) {
	_, _ = p.hash.WriteString(field)
	_ = p.hash.WriteByte(0)
}

// end ends a piece of the prompt, which may be marked, or be a whole message.
func (p *prompt) end(marked, message bool) {
	if p.marked && marked || !p.marked && message && p.tokens >= cachedFrom {
		p.ends = append(p.ends, prefix{p.hash.Sum64(), p.tokens})
	}
}
