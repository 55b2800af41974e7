package faults_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/faults.md anew")

const pageFile = "../docs/faults.md"

const pageBegin = `# Faults

What a caller sees when a provider fails, and what Bifrost does about it. Written by ` + "`go test ./faults_test -update`" + ` from the
table that the test holds against the gateway, a client and a provider that fails at every call, in each of these ways. The
provider has one worker, two keys for the model, and ` + "`max_retries = 1`" + `; each fault is met twice, without a fallback and with one.
After each, the next ordinary request to the same provider is answered, and the worker is free.

- **What the caller is told** is a status and the word of his dialect: ` + "`error.type`" + ` for clients of OpenAI and Anthropic, ` + "`error.status`" + `
  for those of Gemini. *As sent* is the provider's own error, untouched. Clients of the provider's dialect call ` + "`openai`, `anthropic`" + `,
  ` + "`gemini`, `azure`, `ollama`" + ` and the models of ` + "`vertex`; `bedrock` and `cohere`" + ` are called by one of OpenAI's.
- **Code** is the header ` + "`X-Bifrost-Code`" + `; in a stream that has begun it is in the last event, unless that is as sent.
- **Message** is how it begins; *the provider's* words are passed on.
- **Tries** are at the provider. A second one comes after the pause between retries and with any key, if nothing else is said.
- **Keys rest**: for how long each key that was refused is left alone; *no* is that the next request may use it. Where all keys rest after a 429, the caller is told
  when by ` + "`Retry-After`" + `.
- **Fallback**: whether another provider answers, if the request or the configuration names one.

A key, a prompt and a page in HTML are never in what the caller is told.
`

// document writes the table as a page.
func document() []byte {
	var b bytes.Buffer
	b.WriteString(pageBegin)
	for _, g := range table {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Fault |", g.title, g.text)
		for _, k := range kinds {
			fmt.Fprintf(&b, " %s |", k.name)
		}
		b.WriteString(" Code | Message | Tries | Keys rest | Fallback |\n|---|" + strings.Repeat("---|", len(kinds)+5) + "\n")
		for _, r := range g.rows {
			fmt.Fprintf(&b, "| %s |", r.fault)
			for _, k := range kinds {
				fmt.Fprintf(&b, " %s |", r.told(k))
			}
			fmt.Fprintf(&b, " `%s` | %s | %s | %s | %s |\n", r.code, r.message(), r.turns(), r.rest(), yes(r.fallback))
		}
	}
	return b.Bytes()
}

func (r row) message() string {
	if r.says == sayings || r.says == eventSayings {
		return "*the provider's*"
	}
	text := r.says + " …"
	for _, k := range kinds {
		if own, ok := r.typed[k.name]; ok {
			text += "; " + k.name + ": " + own + " …"
		}
	}
	return text
}

func (r row) turns() string {
	if r.key == "" {
		return fmt.Sprint(r.tries)
	}
	return fmt.Sprintf("%d, with %s", r.tries, r.key)
}

func (r row) rest() string {
	if r.rests == "" {
		return "no"
	}
	return r.rests
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func TestThePageOfFaultsIsTheTable(t *testing.T) {
	got := document()
	if *update {
		if err := os.WriteFile(pageFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/faults.md is not the table; write it anew with go test ./faults_test -update")
	}
}
