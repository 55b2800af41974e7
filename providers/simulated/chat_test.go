package simulated_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

func TestChatAnswersWithTheConfiguredNumberOfWordsAndQuotesTheUser(t *testing.T) {
	for _, size := range []int{0, 1, 2, 5, 6, 7, 16, 100} {
		u := simulated.New(schemas.SimulationConfig{OutputTokens: size})
		r := chat(t, u, hello)
		want := size
		if size == 0 {
			want = 16
		}
		if n := len(strings.Fields(r.Text())); n != want || r.Usage.CompletionTokens != want {
			t.Errorf("size %d: %d words, usage %+v: %q", size, n, r.Usage, r.Text())
		}
		if want >= 8 && !strings.HasPrefix(r.Text(), `This is a simulated answer to "hello there". `) {
			t.Errorf("size %d: %q", size, r.Text())
		}
		if r.Choices[0].FinishReason != "stop" || r.Usage.PromptTokens != 2 || r.Usage.TotalTokens != 2+want {
			t.Errorf("size %d: %+v %+v", size, r.Choices[0], r.Usage)
		}
		if r.Object != "chat.completion" || r.Model != "m" || r.ID == "" || r.Created == 0 {
			t.Errorf("head: %+v", r)
		}
		checkIdle(t, u)
	}
}

func TestTextDependsOnSeedAndLastUserMessageOnly(t *testing.T) {
	text := func(seed uint64, body string) string {
		return chat(t, simulated.New(schemas.SimulationConfig{Seed: seed, OutputTokens: 60}), body).Text()
	}
	longer := `{"model":"other","messages":[{"role":"user","content":"before"},{"role":"assistant","content":null},
		{"role":"user","content":[{"type":"text","text":"hello there"}]}]}`
	first := text(1, hello)
	if first != text(1, hello) || first != text(1, longer) {
		t.Error("same seed and user message, different text")
	}
	different := map[string]bool{}
	for seed := range uint64(5) {
		different[text(seed, hello)] = true
	}
	if len(different) != 5 {
		t.Errorf("5 seeds gave %d texts", len(different))
	}
}

func TestLongUserMessageIsQuotedOnlyAsFarAsItFits(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	body, _ := json.Marshal(map[string]any{"model": "m", "messages": []any{
		map[string]any{"role": "user", "content": strings.Repeat("ü", 500) + strings.Repeat(" word", 1000)}}})
	text := chat(t, u, string(body)).Text()
	if len(strings.Fields(text)) != 16 || len(text) > 200 || !strings.HasSuffix(text, `word".`) {
		t.Errorf("%q", text)
	}
	if strings.ContainsRune(text, '\uFFFD') {
		t.Errorf("a rune was cut: %q", text)
	}
}

func TestTokenLimitCutsWithReasonLength(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	whole := chat(t, u, hello).Text()
	for _, field := range []string{"max_tokens", "max_completion_tokens"} {
		for _, limit := range []int{1, 5, 15, 16, 17} {
			r := chat(t, u, strings.Replace(hello, "{", fmt.Sprintf(`{%q:%d,`, field, limit), 1))
			reason := "length"
			if limit >= 16 {
				reason = "stop"
			}
			if r.Usage.CompletionTokens != min(limit, 16) || r.Choices[0].FinishReason != reason ||
				!strings.HasPrefix(whole, r.Text()) {
				t.Errorf("%s %d: %q %q %+v", field, limit, r.Text(), r.Choices[0].FinishReason, r.Usage)
			}
		}
	}
}

func TestStopSequenceEndsTheTextBeforeItWithReasonStop(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	cases := []struct {
		stop, text string
		tokens     int
	}{
		{`"answer"`, "This is a simulated ", 5},
		{`["zzz","simulated","a si"]`, "This is ", 3},
		{`"This"`, "", 0},
		{`["", "is"]`, "Th", 1},
		{`" a"`, "This is", 2},
	}
	for _, c := range cases {
		r := chat(t, u, strings.Replace(hello, "{", `{"max_tokens":10,"stop":`+c.stop+`,`, 1))
		if r.Text() != c.text || r.Choices[0].FinishReason != "stop" || r.Usage.CompletionTokens != c.tokens {
			t.Errorf("stop %s: %q %+v", c.stop, r.Text(), r.Usage)
		}
	}
}

func TestSeveralChoicesDifferAndAreCounted(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{OutputTokens: 30})
	r := chat(t, u, strings.Replace(hello, "{", `{"n":3,`, 1))
	seen := map[string]bool{}
	for i, c := range r.Choices {
		if c.Index != i {
			t.Errorf("choice %d has index %d", i, c.Index)
		}
		seen[c.Message.Content.PlainText()] = true
	}
	if len(seen) != 3 || r.Usage.CompletionTokens != 90 {
		t.Errorf("%d texts, usage %+v", len(seen), r.Usage)
	}
}

func TestStreamSaysTheSameAsTheWholeAnswer(t *testing.T) {
	bodies := []string{hello,
		strings.Replace(hello, "{", `{"n":3,"stop":["seed"],`, 1),
		strings.Replace(hello, "{", `{"max_tokens":7,`, 1),
		strings.Replace(hello, "{", `{"response_format":{"type":"json_object"},`, 1),
		strings.Replace(hello, "{", `{"stop":"This",`, 1),
		withTools(`"required"`, ""), withTools(`"required"`, `"n":2,`), withTools(`"auto"`, `"max_tokens":3,`),
		`{"model":"m","messages":[{"role":"user","content":"<ünï> \"q\" \\ \u2028 & 😀"}]}`,
	}
	for _, body := range bodies {
		u := simulated.New(schemas.SimulationConfig{OutputTokens: 40})
		whole := chat(t, u, body)
		u = simulated.New(schemas.SimulationConfig{OutputTokens: 40})
		a := do(t, u, chatCall(strings.Replace(body, "{", `{"stream":true,"stream_options":{"include_usage":true},`, 1), ""))
		list := chunks(t, a.body)
		last := list[len(list)-1]
		if len(last.Choices) != 0 || last.Usage == nil || *last.Usage != *whole.Usage {
			t.Errorf("usage chunk %+v, want %+v", last, whole.Usage)
		}
		parts := assemble(t, list)
		if len(parts) != len(whole.Choices) {
			t.Fatalf("%d choices, want %d", len(parts), len(whole.Choices))
		}
		for i, c := range whole.Choices {
			if c.Message.Content == nil {
				c.Message.Content = &schemas.Content{}
			}
			got, _ := json.Marshal(parts[i])
			want, _ := json.Marshal(schemas.ChatChoice{Index: c.Index, Message: c.Message, FinishReason: c.FinishReason})
			if string(got) != string(want) {
				t.Errorf("stream %s\nwhole  %s", got, want)
			}
		}
		checkIdle(t, u)
	}
}

func TestStreamHasUsageOnlyIfAskedFor(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	a := do(t, u, chatCall(helloStream, ""))
	if strings.Contains(a.body, "usage") {
		t.Errorf("usage unasked: %s", a.body)
	}
	list := chunks(t, a.body)
	if len(list) != 18 { // role, 16 words, finish
		t.Errorf("%d chunks", len(list))
	}
	if list[0].Choices[0].Delta.Role != "assistant" || list[0].Text() != "" {
		t.Errorf("first chunk %+v", list[0])
	}
	for _, c := range list {
		if len(c.Choices) != 1 || c.Object != "chat.completion.chunk" || c.ID != list[0].ID {
			t.Errorf("chunk %+v", c)
		}
	}
	if ct := a.header.Get("Content-Type"); ct != "text/event-stream" || a.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("headers %v", a.header)
	}
}

func TestJSONFormatsGiveValidJSON(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	r := chat(t, u, strings.Replace(hello, "{", `{"response_format":{"type":"json_object"},`, 1))
	decodeAs[map[string]string](t, r.Text())

	r = chat(t, u, strings.Replace(hello, "{", `{"response_format":{"type":"json_schema","json_schema":{"name":"x",
		"schema":{"type":"object","properties":{"city":{"type":"string"},"degrees":{"type":"integer","minimum":5}},
		"required":["city","degrees"]}}},`, 1))
	got := decodeAs[struct {
		City    *string
		Degrees *int
	}](t, r.Text())
	if got.City == nil || got.Degrees == nil || *got.Degrees != 5 {
		t.Errorf("%s", r.Text())
	}
	r = chat(t, u, strings.Replace(hello, "{", `{"max_tokens":1,"response_format":{"type":"json_object"},`, 1))
	if r.Choices[0].FinishReason != "length" || json.Valid([]byte(r.Text())) {
		t.Errorf("not cut: %+v", r.Choices[0])
	}
}
