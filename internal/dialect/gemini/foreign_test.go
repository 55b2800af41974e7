package gemini

import (
	"strings"
	"testing"

	"bifrost/schemas"
)

func TestSignaturesOfOtherProvidersAreNotPassedOn(t *testing.T) {
	ours, err := wrap([]schemas.ReasoningDetail{{Type: schemas.ReasoningText, Text: "hm", Signature: "s", Format: schemas.FormatAnthropic}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ model, given, want string }{
		{"gemini-3-pro", `{"text":"a","thoughtSignature":"OURS"}`, `{"text":"a"}`},
		{"gemini-3-pro", `{"functionCall":{"name":"f"},"thoughtSignature":"OURS"}`, `{"functionCall":{"name":"f"},"thoughtSignature":"` + noSignature + `"}`},
		{"gemini-2.5-pro", `{"functionCall":{"name":"f"},"thought_signature":"OURS"}`, `{"functionCall":{"name":"f"}}`},
		{"gemini-3-pro", `{"text":"OURS","thoughtSignature":"c2ln"}`, `{"text":"OURS","thoughtSignature":"c2ln"}`},
	} {
		whole := `{"contents":[{"role":"user","parts":[{"text":"q"}]}, {"role":"model","parts":[{"text":"b"},PART]}],"x":1}`
		given := strings.ReplaceAll(strings.ReplaceAll(whole, "PART", c.given), "OURS", ours)
		want := strings.ReplaceAll(strings.ReplaceAll(whole, "PART", c.want), "OURS", ours)
		if got := string(WithoutForeign([]byte(given), c.model)); got != want {
			t.Errorf("%s, %s: got %s", c.model, c.given, got)
		}
	}
}
