package main

import (
	"strings"
	"testing"
)

func TestSDKExampleGetsAnAnswerAndAStreamThroughTheTransport(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"chat:   This is a simulated answer", "stream: This is a simulated answer"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}
