package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

// In the bubble no worker is free again before all ninety have asked, however slow
// the machine is: its clock stands still until everybody waits.
func TestEmbeddedExampleAnswersThirtyOfNinetyAndRefusesSixty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"chat:   ", "stream: ",
			"30 answered, 60 dead letters, 0 failed",
			"92 offered = 32 admitted + 60 refused; 32 admitted = 32 completed + 0 failed",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in:\n%s", want, out.String())
			}
		}
	})
}
