package simulated

import (
	"iter"
	"strings"

	"bifrost/schemas"
)

// passage is a text cut into tokens.
type passage struct {
	text string
	ends []int // ends[i] is where token i ends in text
}

func (p passage) tokens() int { return len(p.ends) }

func (p passage) token(i int) string {
	start := 0
	if i > 0 {
		start = p.ends[i-1]
	}
	return p.text[start:p.ends[i]]
}

// first returns the first n tokens, and whether that left any out.
func (p passage) first(n int) (passage, bool) {
	if n >= len(p.ends) {
		return p, false
	}
	if n <= 0 {
		return passage{}, true
	}
	return passage{text: p.text[:p.ends[n-1]], ends: p.ends[:n]}, true
}

// before returns what comes before the first stop sequence, and which that was; "" for
// none. Empty sequences are ignored.
func (p passage) before(stops []string) (passage, string) {
	cut, found := -1, ""
	for _, stop := range stops {
		if at := strings.Index(p.text, stop); stop != "" && at >= 0 && (cut < 0 || at < cut) {
			cut, found = at, stop
		}
	}
	if cut < 0 {
		return p, ""
	}
	short := passage{text: p.text[:cut]}
	for _, end := range p.ends {
		if end >= cut {
			if cut > 0 {
				short.ends = append(short.ends, cut)
			}
			break
		}
		short.ends = append(short.ends, end)
	}
	return short, found
}

// pieceRunes is the length of a token of text that has no words, such as JSON.
const pieceRunes = 8

// pieces cuts any text into tokens of equal length.
func pieces(text string) passage {
	p := passage{text: text}
	runes := 0
	for at := range text {
		if runes == pieceRunes {
			p.ends = append(p.ends, at)
			runes = 0
		}
		runes++
	}
	if runes > 0 {
		p.ends = append(p.ends, len(text))
	}
	return p
}

// mediaTokens is what a picture, a sound or a document costs.
const mediaTokens = 64

// countContent counts the words of a message, and what comes with them.
func countContent(c *schemas.Content) int {
	if c == nil {
		return 0
	}
	n := countWords(c.Text)
	for i := range c.Parts {
		n += countPart(&c.Parts[i])
	}
	return n
}

func countPart(p *schemas.ContentPart) int {
	if isMedia(p) {
		return mediaTokens
	}
	return countWords(p.Text)
}

func isMedia(p *schemas.ContentPart) bool {
	return p.ImageURL != nil || p.InputAudio != nil || p.VideoURL != nil || p.File != nil
}

func countWords(text string) int {
	n := 0
	for range strings.FieldsSeq(text) {
		n++
	}
	return n
}

// texts ranges over a message's text without joining it.
func texts(c *schemas.Content) iter.Seq[string] {
	return func(yield func(string) bool) {
		if c == nil {
			return
		}
		if c.Parts == nil {
			yield(c.Text)
			return
		}
		for _, p := range c.Parts {
			if !yield(p.Text) {
				return
			}
		}
	}
}
