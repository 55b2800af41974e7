package simulated_test

import (
	"fmt"
	"strings"
	"testing"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// marked is a system message that ends what may be cached.
func marked(text string) schemas.ChatMessage {
	part := schemas.TextPart(text)
	part.CacheControl = &schemas.CacheControl{Type: "ephemeral"}
	return schemas.ChatMessage{Role: "system", Content: &schemas.Content{Parts: []schemas.ContentPart{part}}}
}

// cached returns what was read from a cache, and written to one.
func cached(r *schemas.ChatResponse) (read, written int) {
	if d := r.Usage.PromptTokensDetails; d != nil {
		return d.CachedTokens, d.CacheWriteTokens
	}
	return 0, 0
}

func TestAMarkedPromptIsWrittenToTheCacheAndThenReadFromIt(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	s := speakers["anthropic"]
	for i, c := range []struct {
		system, user  string
		read, written int
	}{
		{"be brief and kind", "hello", 0, 4},
		{"be brief and kind", "hello", 4, 0},
		{"be brief and kind", "another question", 4, 0},
		{"be brief", "hello", 0, 2},
	} {
		for _, stream := range []bool{false, true} {
			if stream && c.written > 0 {
				continue
			}
			r := s.answered(t, u, asked(c.user, marked(c.system)), stream)
			if read, written := cached(r); read != c.read || written != c.written {
				t.Errorf("%d: read %d and wrote %d, want %d and %d", i, read, written, c.read, c.written)
			}
			if want := len(strings.Fields(c.system + " " + c.user)); r.Usage.PromptTokens != want {
				t.Errorf("%d: got %+v, want %d tokens of the prompt", i, r.Usage, want)
			}
		}
	}
	if read, written := cached(s.answered(t, u, asked("hello", schemas.SystemMessage("be brief and kind")), false)); read+written != 0 {
		t.Errorf("without a marker read %d and wrote %d", read, written)
	}
}

func TestALongerPromptReadsTheShorterOneFromTheCache(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	s := speakers["anthropic"]
	first := asked("hello", marked("be brief"))
	answer := s.answered(t, u, first, false).Choices[0].Message
	question := marked("and now this")
	question.Role = "user"
	r := s.answered(t, u, &schemas.ChatRequest{Messages: append(first.Messages, answer, question)}, false)
	if read, written := cached(r); read != 2 || written != 1+16+3 {
		t.Errorf("read %d and wrote %d", read, written)
	}
}

func TestALongPromptIsCachedUnasked(t *testing.T) {
	for name, s := range speakers {
		u := simulated.New(schemas.SimulationConfig{})
		long := strings.Repeat("word ", 1023)
		if read, _ := cached(s.answered(t, u, asked(long), false)); read != 0 {
			t.Errorf("%s: read %d", name, read)
		}
		if read, _ := cached(s.answered(t, u, asked(long), false)); read != 0 {
			t.Errorf("%s: read %d of a prompt that is too short", name, read)
		}
		long += "word"
		if read, _ := cached(s.answered(t, u, asked(long), false)); read != 0 {
			t.Errorf("%s: read %d", name, read)
		}
		r := s.answered(t, u, asked("and now", schemas.UserMessage(long), schemas.AssistantMessage("yes")), false)
		if read, written := cached(r); read != 1024 || written != 0 || r.Usage.PromptTokens != 1024+3 {
			t.Errorf("%s: read %d and wrote %d of %+v", name, read, written, r.Usage)
		}
	}
}

func TestTheCacheForgetsTheOldestPrompt(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	written := func(n int) int {
		_, w := cached(speakers["anthropic"].answered(t, u, asked("hello", marked(fmt.Sprint("prompt ", n))), false))
		return w
	}
	for n := range 1024 {
		if written(n) != 2 {
			t.Fatalf("prompt %d was known", n)
		}
	}
	if written(0) != 0 || written(1024) != 2 || written(0) != 2 {
		t.Error("the oldest of 1,025 prompts was still known, or the oldest of 1,024 was not")
	}
}

func TestTheStopSequenceThatEndsATextIsNamedWhereTheDialectHasAPlace(t *testing.T) {
	for name, s := range speakers {
		for _, stream := range []bool{false, true} {
			r := asked("hello there")
			r.Stop = schemas.Strings{"never", "answer"}
			c := s.answered(t, simulated.New(schemas.SimulationConfig{}), r, stream).Choices[0]
			want := ""
			if name == "anthropic" {
				want = "answer"
			}
			if c.Message.Content.PlainText() != "This is a simulated " || c.FinishReason != "stop" || c.StopSequence != want {
				t.Errorf("%s: got %+v", name, c)
			}
		}
	}
}

func TestTheModelRefusesWhenItIsToldTo(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	for name, s := range speakers {
		for _, stream := range []bool{false, true} {
			for _, by := range []string{"word", "header"} {
				r, header := asked("[simulate: refuse] hello"), []string{}
				if by == "header" {
					r, header = asked("hello"), []string{"refuse"}
				}
				r.Tools = []schemas.Tool{tool("f")}
				c := s.answered(t, u, r, stream, header...).Choices[0]
				text, want := c.Message.Content.PlainText(), "content_filter"
				if name == "openai" {
					if c.Message.Refusal == nil {
						t.Fatalf("%s by %s: got %+v", name, by, c)
					}
					text, want = *c.Message.Refusal, "stop"
				}
				if text != "I am sorry, but I do not answer that." || c.FinishReason != want || c.Message.ToolCalls != nil {
					t.Errorf("%s by %s: got %+v with %q", name, by, c, text)
				}
			}
		}
	}
	if r := speakers["openai"].answered(t, u, asked("and now", schemas.UserMessage("[simulate: refuse]"), schemas.AssistantMessage("no")), false); r.Choices[0].Message.Refusal != nil {
		t.Error("an earlier message makes it refuse")
	}
}

func TestADocumentIsCountedAndABrokenOneRefused(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	with := func(data string) *schemas.ChatRequest {
		return &schemas.ChatRequest{Messages: []schemas.ChatMessage{{Role: "user", Content: &schemas.Content{Parts: []schemas.ContentPart{
			schemas.TextPart("what is this"), {Type: "file", File: &schemas.FileInput{Filename: "a.pdf", FileData: data}}}}}}}
	}
	for name, s := range speakers {
		if n := s.answered(t, u, with("data:application/pdf;base64,JVBERi0="), false).Usage.PromptTokens; n != 3+64 {
			t.Errorf("%s: %d tokens", name, n)
		}
	}
	if a := do(t, u, chatCall(`{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0="}}]}]}`, "")); a.status != 400 || !strings.Contains(a.body, "filename") {
		t.Errorf("without a name: got %+v", a)
	}
	for _, data := range []string{"", "JVBERi0=", "data:application/pdf;base64,?"} {
		if _, err := speakers["openai"].ask(t, u, with(data), false); err == nil {
			t.Errorf("%q was taken for a document", data)
		}
	}
}
