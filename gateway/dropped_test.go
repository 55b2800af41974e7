package gateway

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatIsToldOfLeftOutFieldsFitsIntoAHeader(t *testing.T) {
	for want, names := range map[string][]string{
		"seed, messages.name":          {"seed", "messages.name"},
		`a, "\r\nX-Evil: 1", "\u00f6"`: {"a", "\r\nX-Evil: 1", "ö"},
		`"a,b", "say \"x\"", "c d"`:    {"a,b", `say "x"`, "c d"},
	} {
		if got := droppedNames(names); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	var names []string
	for i := range 100_000 {
		names = append(names, fmt.Sprint("field", i))
	}
	got := droppedNames(names)
	if !strings.HasPrefix(got, "field0, field1, ") || !strings.HasSuffix(got, " more") || len(got) > maxDropped+32 {
		t.Errorf("%d bytes: …%s", len(got), got[max(0, len(got)-40):])
	}
	if got := droppedNames([]string{strings.Repeat("x", 2*maxDropped)}); got != " and 1 more" {
		t.Errorf("got %.40s", got)
	}
}
