package simulated_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// thoughtful is asked with thinking, as each dialect asks for it.
func thoughtful(text string, before ...schemas.ChatMessage) *schemas.ChatRequest {
	r := asked(text, before...)
	r.ReasoningEffort, r.Thinking = "low", &schemas.Thinking{}
	return r
}

func tool(name string) schemas.Tool {
	return schemas.Tool{Type: "function", Function: schemas.ToolFunction{Name: name,
		Parameters: json.RawMessage(`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`)}}
}

func TestThinkingComesBeforeTheAnswerAndAStreamEqualsTheWhole(t *testing.T) {
	for name, s := range speakers {
		for _, with := range []string{"text", "a call", "hidden"} {
			t.Run(name+" "+with, func(t *testing.T) {
				u := simulated.New(schemas.SimulationConfig{})
				var got [2]*schemas.ChatResponse
				for i, stream := range []bool{false, true} {
					r := thoughtful("hello there")
					if with == "a call" {
						r.Tools = []schemas.Tool{tool("f")}
					}
					r.Thinking.Hidden = with == "hidden"
					got[i] = s.answered(t, u, r, stream)
				}
				for _, r := range got {
					m := r.Choices[0].Message
					if shown := m.Reasoning != ""; shown != (with != "hidden") {
						t.Errorf("got thinking %q", m.Reasoning)
					}
					if (m.Content.PlainText() == "") != (with == "a call") || len(m.ReasoningDetails) == 0 {
						t.Errorf("got %+v", m)
					}
					if n := r.Usage.CompletionTokensDetails.ReasoningTokens; n != 8 || n >= r.Usage.CompletionTokens {
						t.Errorf("got %+v", r.Usage)
					}
				}
				one, streamed := plain(got[0]), plain(got[1])
				if !reflect.DeepEqual(one, streamed) {
					t.Errorf("whole:  %+v\nstream: %+v", one, streamed)
				}
				checkIdle(t, u)
			})
		}
	}
}

// plain is an answer's message without the numbers of the call that it answers.
func plain(r *schemas.ChatResponse) schemas.ChatMessage {
	m := r.Choices[0].Message
	for i := range m.ToolCalls {
		m.ToolCalls[i].ID = ""
	}
	for i := range m.ReasoningDetails {
		m.ReasoningDetails[i].ID = ""
	}
	return m
}

func TestThinkingThatComesBackIsKnownAgain(t *testing.T) {
	for name, s := range speakers {
		for _, hidden := range []bool{false, true} {
			u := simulated.New(schemas.SimulationConfig{Seed: 7})
			first := thoughtful("hello there")
			first.Thinking.Hidden = hidden
			m := s.answered(t, u, first, true).Choices[0].Message
			next := thoughtful("again", schemas.UserMessage("hello there"), m)
			if text := s.answered(t, u, next, false).Text(); !strings.HasPrefix(text, "I remember 1 thought. This is a simulated answer") {
				t.Errorf("%s, hidden %v: %q", name, hidden, text)
			}
			first.Tools = []schemas.Tool{tool("f")}
			m = s.answered(t, u, first, true).Choices[0].Message
			next = &schemas.ChatRequest{Tools: first.Tools, Messages: append(first.Messages, m,
				schemas.ChatMessage{Role: "tool", ToolCallID: m.ToolCalls[0].ID, Content: schemas.TextContent("Rain")})}
			if text := s.answered(t, u, next, false).Text(); !strings.HasPrefix(text, `I remember 1 thought. The tool answered "Rain".`) {
				t.Errorf("%s, hidden %v: %q", name, hidden, text)
			}
		}
	}
}

func TestThinkingWithAnotherSignatureIsRefused(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{Seed: 7})
	for name, s := range speakers {
		m := s.answered(t, u, thoughtful("hello there"), false).Choices[0].Message
		last := len(m.ReasoningDetails) - 1
		for what, change := range map[string]func(*schemas.ReasoningDetail){
			"another signature": func(d *schemas.ReasoningDetail) {
				other := thoughtful("hello there")
				other.Thinking.Hidden = !other.Thinking.Hidden
				elsewhere := simulated.New(schemas.SimulationConfig{Seed: 8})
				theirs := s.answered(t, elsewhere, other, false).Choices[0].Message.ReasoningDetails
				d.Signature, d.Data = theirs[len(theirs)-1].Signature, theirs[len(theirs)-1].Data
			},
			"no signature of ours": func(d *schemas.ReasoningDetail) {
				if d.Data != "" {
					d.Data = "AAAA"
				} else {
					d.Signature = "AAAA"
				}
			},
			"another text": func(d *schemas.ReasoningDetail) { d.Text += " no" },
		} {
			if what == "another text" && s.format != schemas.FormatAnthropic {
				continue // which does not come back
			}
			changed := m
			changed.ReasoningDetails = append([]schemas.ReasoningDetail(nil), m.ReasoningDetails...)
			change(&changed.ReasoningDetails[last])
			_, err := s.ask(t, u, asked("again", schemas.UserMessage("hello there"), changed), false)
			var e *schemas.Error
			if !errors.As(err, &e) || e.StatusCode != 400 || !strings.Contains(string(e.Upstream.Body), "a signature that this provider did not give") {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
	}
	if s := checkIdle(t, u); s.Rejected != 7 {
		t.Errorf("got %+v", s)
	}
}

// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
func TestWhatAnthropicRefusesBesideThinkingIsRefused(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	const enabled, adaptive = `"thinking":{"type":"enabled","budget_tokens":1024}`, `"thinking":{"type":"adaptive"}`
	const hi, tools = `"messages":[{"role":"user","content":"hi"}]`, `"tools":[{"name":"f","input_schema":{"type":"object"}}]`
	const called = `"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"7"}]}]`
	for body, says := range map[string]string{
		enabled + `,"max_tokens":2000,` + hi:                                                      "",
		adaptive + `,"max_tokens":9,"temperature":1,"top_p":0.95,` + hi:                           "",
		adaptive + `,"max_tokens":9,"tool_choice":{"type":"auto"},` + tools + `,` + hi:            "",
		adaptive + `,"max_tokens":9,` + tools + `,` + called:                                      "",
		`"thinking":{"type":"disabled"},"max_tokens":9,"temperature":0.3,` + hi:                   "",
		`"thinking":{"type":"enabled","budget_tokens":100},"max_tokens":2000,` + hi:               "below 1,024",
		enabled + `,"max_tokens":1024,` + hi:                                                      "not below max_tokens",
		adaptive + `,"max_tokens":9,"temperature":0.3,` + hi:                                      "temperature",
		adaptive + `,"max_tokens":9,"top_p":0.9,` + hi:                                            "top_p",
		adaptive + `,"max_tokens":9,"top_k":4,` + hi:                                              "top_k",
		adaptive + `,"max_tokens":9,"tool_choice":{"type":"any"},` + tools + `,` + hi:             "forced",
		adaptive + `,"max_tokens":9,"tool_choice":{"type":"tool","name":"f"},` + tools + `,` + hi: "forced",
		enabled + `,"max_tokens":2000,` + tools + `,` + called:                                    "without the thinking",
	} {
		r := chatCall(`{"model":"m",`+body+`}`, "")
		r.URL = "http://sim/v1/messages"
		if a := do(t, u, r); (a.status == 200) != (says == "") || !strings.Contains(a.body, says) {
			t.Errorf("%s: got %d, %s", body, a.status, a.body)
		}
	}
}

func TestThinkingCountsAgainstTheLimitAndTheBudget(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{OutputTokens: 40})
	limited := chat(t, u, strings.Replace(hello, "{", `{"reasoning_effort":"high","max_completion_tokens":5,`, 1))
	if c := limited.Choices[0]; c.FinishReason != "length" || limited.Text() != "" || len(strings.Fields(c.Message.Reasoning)) != 5 {
		t.Errorf("got %+v", c)
	}
	r := thoughtful("hello there")
	r.Thinking.Budget = 1024
	for size, want := range map[int]int{3000: 1024, 40: 20} {
		u := simulated.New(schemas.SimulationConfig{OutputTokens: size})
		got := speakers["anthropic"].answered(t, u, r, false).Usage
		if n := got.CompletionTokensDetails.ReasoningTokens; n != want {
			t.Errorf("got %d of %d tokens", n, size)
		}
	}
}

func TestOnlyWhoAsksForThinkingGetsIt(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	for _, body := range []string{hello, strings.Replace(hello, "{", `{"reasoning_effort":"none",`, 1)} {
		if a := do(t, u, chatCall(body, "")); strings.Contains(a.body, "reasoning") {
			t.Errorf("got %s", a.body)
		}
	}
	for name, s := range speakers {
		r := thoughtful("hello there")
		r.Thinking.Off, r.ReasoningEffort = true, "none"
		if name == "gemini" {
			continue // whose later models cannot be told to think of nothing
		}
		if m := s.answered(t, u, r, false).Choices[0].Message; m.Reasoning != "" || m.ReasoningDetails != nil {
			t.Errorf("%s: got %+v", name, m)
		}
	}
	if a := do(t, u, chatCall(strings.Replace(hello, "{", `{"reasoning_effort":"much",`, 1), "")); a.status != 400 || !strings.Contains(a.body, "reasoning_effort") {
		t.Errorf("got %+v", a)
	}
}
