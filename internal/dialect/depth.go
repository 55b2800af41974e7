package dialect

import "github.com/tidwall/gjson"

// MaxDepth bounds how deep JSON may be nested that comes from outside: a parser of it,
// here or at the provider, may need stack for each level, and a stack that is too
// large ends the process.
const MaxDepth = 1000

// TooDeep reports whether arrays and objects are nested beyond MaxDepth. It needs no
// stack. It need not be right about text that is not JSON as long as it never counts
// too few levels: a string ends where a parser ends it.
func TooDeep[T ~string | ~[]byte](text T) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// ValidBytes reports whether data is JSON that is not nested beyond MaxDepth. It stands
// for gjson.ValidBytes, which needs stack for each level.
func ValidBytes(data []byte) bool { return !TooDeep(data) && gjson.ValidBytes(data) }

// ValidText is ValidBytes for text that may be JSON, as a tool's arguments are.
func ValidText(text string) bool { return !TooDeep(text) && gjson.Valid(text) }
