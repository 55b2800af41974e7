package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// path is where a value stands in the file: names joined with dots, places in a
// list in brackets.
type path string

func (p path) key(name string) path {
	if p == "" {
		return path(shown(name))
	}
	return p + "." + path(shown(name))
}

func (p path) item(i int) path {
	return p + path("["+strconv.Itoa(i)+"]")
}

const (
	longestName = 40 // no key of ours is longer; what is might be a secret in the wrong place
	nameStart   = 8
)

// shown returns name as it appears in a message: quoted unless it is a bare key,
// and cut when it is very long.
func shown(name string) string {
	if len(name) > longestName {
		cut := nameStart
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		return strconv.Quote(name[:cut] + "…")
	}
	if name != "" && strings.IndexFunc(name, notBare) < 0 {
		return name
	}
	return strconv.Quote(name)
}

func notBare(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
		return false
	}
	return true
}
