package config

import (
	"strings"

	"github.com/tailscale/hujson"
)

// jsonWalk follows a JSON document, which may be broken further on, and knows at
// each moment which key it is in. It keeps its own stack, so that it can also
// tell when a document nests too deep for the parser.
type jsonWalk struct {
	levels []jsonLevel
	naming bool // a string here is a name, not a value
	pos    int  // where it stands: at the token that it has not followed
}

type jsonLevel struct {
	object bool
	name   string // of the current member
	named  bool   // whether the member's ":" was there
	item   int
}

// walkJSON follows text up to the byte at offset, or to where it nests too deep.
func walkJSON(text string, offset int) *jsonWalk {
	w := &jsonWalk{}
	for w.pos < offset && !w.tooDeep() {
		n := jsonToken(text[w.pos:])
		if n == 0 || w.pos+n > offset {
			break
		}
		w.token(text[w.pos : w.pos+n])
		w.pos += n
	}
	return w
}

func (w *jsonWalk) tooDeep() bool { return len(w.levels) > maxDepth }

// jsonToken returns the length of the string or comment that text begins with: 0
// when it does not end. Anything else is a token of one byte.
func jsonToken(text string) int {
	switch {
	case text[0] == '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return 0
	case strings.HasPrefix(text, "//"):
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			return i
		}
		return len(text)
	case strings.HasPrefix(text, "/*"):
		if i := strings.Index(text[len("/*"):], "*/"); i >= 0 {
			return i + len("/**/")
		}
		return 0
	}
	return 1
}

func (w *jsonWalk) token(t string) {
	var top *jsonLevel
	if n := len(w.levels); n > 0 {
		top = &w.levels[n-1]
	}
	switch {
	case t == "{", t == "[":
		w.levels = append(w.levels, jsonLevel{object: t == "{"})
		w.naming = t == "{"
	case top == nil:
	case t == "}", t == "]":
		w.levels = w.levels[:len(w.levels)-1]
		w.naming = false
	case t == ",":
		top.item++
		top.named, w.naming = false, top.object
	case t == ":":
		top.named, w.naming = true, false
	case t[0] == '"' && w.naming && hujson.Literal(t).IsValid():
		// Not a name before its ":": a secret may stand in the wrong place.
		top.name, w.naming = hujson.Literal(t).String(), false
	}
}

func (w *jsonWalk) path() path {
	var p path
	for _, l := range w.levels {
		switch {
		case !l.object:
			p = p.item(l.item)
		case l.named:
			p = p.key(l.name)
		}
	}
	return p
}
