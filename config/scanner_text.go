package config

import "strings"

// The scanner's smallest steps: blanks, comments and the ends of strings.

func (s *scanner) line() int { return s.lines.at(s.pos) }

func (s *scanner) accept(token string) bool {
	if strings.HasPrefix(s.text[s.pos:], token) {
		s.pos += len(token)
		return true
	}
	return false
}

// until moves to the first byte in stop, or to the end.
func (s *scanner) until(stop string) {
	if i := strings.IndexAny(s.text[s.pos:], stop); i >= 0 {
		s.pos += i
		return
	}
	s.pos = len(s.text)
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.pos++
	}
}

// endOfLine reports whether nothing but a comment is left on the line.
func (s *scanner) endOfLine() bool {
	s.skipSpace()
	s.accept("\r")
	return s.pos >= len(s.text) || s.text[s.pos] == '\n' || s.text[s.pos] == '#'
}

// skipBlank skips white space, line ends and comments.
func (s *scanner) skipBlank() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '#':
			s.until("\n")
		default:
			return
		}
	}
}

// closeLine moves behind the quote that ends a string of one line.
func (s *scanner) closeLine(quote byte, escapes bool) bool {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == quote:
			return true
		case c == '\n':
			return false
		case c == '\\' && escapes && s.pos < len(s.text):
			s.pos++
		}
	}
	return false
}

// closeLines moves behind the three quotes that end a string of several lines.
// Up to two more quotes directly before them belong to the string.
func (s *scanner) closeLines(quotes string, escapes bool) bool {
	for s.pos < len(s.text) {
		switch {
		case escapes && s.text[s.pos] == '\\':
			s.pos = min(s.pos+2, len(s.text))
		case s.accept(quotes):
			for range 2 {
				s.accept(quotes[:1])
			}
			return true
		default:
			s.pos++
		}
	}
	return false
}
