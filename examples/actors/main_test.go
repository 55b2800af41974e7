package main

import (
	"strings"
	"testing"
)

func TestActorsExampleGetsThreeResponsesAndTwoDeadLetters(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "3 responses, 2 dead letters (queue_full)"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in: %s", want, out.String())
	}
}
