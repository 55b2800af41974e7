package dialect

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWordsAreBoundedAndStayText(t *testing.T) {
	if words := errorWords([]byte(strings.Repeat("ä", 5000))); words == "" || len(words) > maxWords+3 || !utf8.ValidString(words) {
		t.Errorf("%d bytes of words", len(words))
	}
}
