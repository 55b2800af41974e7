package bedrock_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestADocumentIsNeverSentWithoutText(t *testing.T) {
	const file = `{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain,a"}}`
	for content, want := range map[string]string{
		`[` + file + `]`: `["text","document"]`,
		`[` + file + `,{"type":"text","text":" "}]`:      `["text","document"]`,
		`[` + file + `,{"type":"text","text":"What?"}]`:  `["document","text"]`,
		`[{"type":"text","text":"What?"},` + file + `]`:  `["text","document"]`,
		`[` + file + `,` + file + `]`:                    `["text","document","document"]`,
		`[{"type":"text","text":"No document is here"}]`: `["text"]`,
	} {
		sent, _, err := encode(t, claude, `{"model":"m","messages":[{"role":"user","content":`+content+`}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := gjson.Get(sent, "messages.0.content.#.@keys.0|@flatten").Raw; got != want {
			t.Errorf("%s is sent as %s", content, sent)
		}
	}
}

func TestTheResultOfAToolStaysBeforeADocumentsText(t *testing.T) {
	sent, _, err := encode(t, claude, `{"model":"m","messages":[{"role":"user","content":"a"},
		{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"1","content":"x"},
		{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain,a"}}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := gjson.Get(sent, "messages.2.content"); !got.Get("0.toolResult").Exists() || got.Get("1.text").Str != "document" || !got.Get("2.document").Exists() {
		t.Errorf("sent %s", sent)
	}
}

func TestDocumentsHaveNamesOfTheirOwn(t *testing.T) {
	long := strings.Repeat("a", 149) + " b"
	var parts []string
	for _, name := range []string{"a.txt", "a 2.txt", "a.txt", "a.txt", "a 2.txt", long + ".txt", long + ".txt"} {
		parts = append(parts, `{"type":"file","file":{"filename":"`+name+`","file_data":"data:text/plain,a"}}`)
	}
	sent, _, err := encode(t, claude, `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},`+strings.Join(parts, ",")+`]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, v := range gjson.Get(sent, "messages.0.content.#.document.name").Array() {
		if seen[v.Str] || strings.Contains(v.Str, "  ") {
			t.Errorf("the name %q is there twice, or has two blanks in a row", v.Str)
		}
		seen[v.Str] = true
	}
	if len(seen) != 7 {
		t.Errorf("sent %s", sent)
	}
}
