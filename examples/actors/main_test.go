package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

// In the bubble no answer comes before all five have been asked, however slow the
// machine is: its clock stands still until everybody waits.
func TestActorsExampleGetsThreeResponsesAndTwoDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if want := "asked 5 at once: 3 responses, 2 dead letters (queue_full), 0 failures\n"; out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	})
}
