package main

import (
	"strings"
	"testing"
)

func TestEmbeddedExampleAnswersThirtyOfNinetyAndRefusesSixty(t *testing.T) {
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
}
