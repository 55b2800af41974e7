package gemini

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bifrost/schemas"
)

var words = rapid.StringMatching(`[a-z "\\é]{1,12}`)

var someArguments = rapid.SampledFrom([]string{`{}`, `{"a":1}`, `{"b":[{"c":"}"}],"d":"\""}`})

// drawDetail draws a piece of thinking: of the dialect for the call with an id, or of
// another provider.
func drawDetail(t *rapid.T, id string, index int) schemas.ReasoningDetail {
	if rapid.Bool().Draw(t, "own") || id != "" {
		return schemas.ReasoningDetail{Type: schemas.ReasoningEncrypted, Data: rapid.StringMatching(`[A-Za-z]{8}`).Draw(t, "signature"), ID: id,
			Format: schemas.FormatGemini, Index: index}
	}
	return schemas.ReasoningDetail{Type: schemas.ReasoningText, Text: words.Draw(t, "thought"), Signature: words.Draw(t, "signed"),
		Format: schemas.FormatAnthropic, Index: index}
}

// drawAnswer draws a message of the model that the dialect can carry whole.
func drawAnswer(t *rapid.T, ids *int) schemas.ChatMessage {
	m := schemas.ChatMessage{Role: roleAssistant, Reasoning: rapid.OneOf(rapid.Just(""), words).Draw(t, "reasoning")}
	for range rapid.IntRange(0, 2).Draw(t, "details") {
		m.ReasoningDetails = append(m.ReasoningDetails, drawDetail(t, "", len(m.ReasoningDetails)))
	}
	for range rapid.IntRange(0, 3).Draw(t, "calls") {
		*ids++
		id := fmt.Sprintf("id-%d", *ids)
		m.ToolCalls = append(m.ToolCalls, newFunctionCall(id, words.Draw(t, "name"), someArguments.Draw(t, "arguments")))
		if rapid.Bool().Draw(t, "signs") {
			m.ReasoningDetails = append(m.ReasoningDetails, drawDetail(t, id, len(m.ReasoningDetails)))
		}
	}
	if text := rapid.OneOf(rapid.Just(""), words).Draw(t, "text"); text != "" || len(m.ToolCalls) == 0 {
		m.Content = schemas.TextContent(text)
	}
	return m
}

func drawResponse(t *rapid.T) *schemas.ChatResponse {
	ids := 0
	out := &schemas.ChatResponse{ID: "r", Object: "chat.completion", Model: "m"}
	for i := range rapid.IntRange(1, 2).Draw(t, "choices") {
		c := schemas.ChatChoice{Index: i, Message: drawAnswer(t, &ids), FinishReason: "tool_calls"}
		if len(c.Message.ToolCalls) == 0 {
			c.FinishReason = rapid.SampledFrom([]string{"stop", "length", "content_filter"}).Draw(t, "finish")
		}
		out.Choices = append(out.Choices, c)
	}
	cached, fresh, spoken, thought := rapid.IntRange(0, 9).Draw(t, "cached"), rapid.IntRange(1, 9).Draw(t, "fresh"),
		rapid.IntRange(1, 9).Draw(t, "spoken"), rapid.IntRange(0, 9).Draw(t, "thought")
	out.Usage = &schemas.Usage{PromptTokens: cached + fresh, CompletionTokens: spoken + thought, TotalTokens: cached + fresh + spoken + thought}
	if cached > 0 {
		out.Usage.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: cached}
	}
	if thought > 0 {
		out.Usage.CompletionTokensDetails = &schemas.CompletionTokensDetails{ReasoningTokens: thought}
	}
	return out
}

// essence returns a response without the order of its details: those of other
// providers come before the calls.
func essence(t *rapid.T, r *schemas.ChatResponse) string {
	out := *r
	out.Choices = nil
	for _, c := range r.Choices {
		var foreign, texts, calls []schemas.ReasoningDetail
		for _, d := range c.Message.ReasoningDetails {
			d.Index = 0
			switch {
			case d.Format != schemas.FormatGemini:
				foreign = append(foreign, d)
			case d.ID == "":
				texts = append(texts, d)
			default:
				calls = append(calls, d)
			}
		}
		c.Message.ReasoningDetails = append(append(foreign, texts...), calls...)
		out.Choices = append(out.Choices, c)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutLoose leaves out the signatures of the dialect that belong to no call: where
// there is a call they become those of the first.
func withoutLoose(r *schemas.ChatResponse) {
	for i := range r.Choices {
		m := &r.Choices[i].Message
		var kept []schemas.ReasoningDetail
		for _, d := range m.ReasoningDetails {
			if len(m.ToolCalls) == 0 || d.Format != schemas.FormatGemini || d.ID != "" {
				d.Index = len(kept)
				kept = append(kept, d)
			}
		}
		m.ReasoningDetails = kept
	}
}

func TestEveryAnswerComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawResponse(t)
		withoutLoose(want)
		body, err := EncodeResponse(want, true)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeResponse(body, ""); err != nil || essence(t, got) != essence(t, want) {
			t.Fatalf("got %s, %v\nwant %s\nfrom %s", essence(t, got), err, essence(t, want), body)
		}
	})
}

// split cuts a text into three parts.
func split(t *rapid.T, text string) []string {
	runes := []rune(text)
	a := rapid.IntRange(0, len(runes)).Draw(t, "a")
	b := rapid.IntRange(a, len(runes)).Draw(t, "b")
	return []string{string(runes[:a]), string(runes[a:b]), string(runes[b:])}
}

// drawChunks draws a stream of an answer: calls in parts, which may be mixed with what
// the other choice says.
func drawChunks(t *rapid.T, resp *schemas.ChatResponse) []*schemas.ChatChunk {
	var streams [][]*schemas.ChatChunk
	for _, c := range resp.Choices {
		var own []*schemas.ChatChunk
		add := func(choice schemas.ChunkChoice) {
			choice.Index = c.Index
			own = append(own, &schemas.ChatChunk{ID: resp.ID, Model: resp.Model, Choices: []schemas.ChunkChoice{choice}})
		}
		for _, part := range split(t, c.Message.Reasoning) {
			add(schemas.ChunkChoice{Delta: schemas.Delta{Reasoning: part}})
		}
		for _, part := range split(t, c.Message.Content.PlainText()) {
			add(schemas.ChunkChoice{Delta: schemas.Delta{Content: part}})
		}
		for _, d := range c.Message.ReasoningDetails {
			if d.Type == schemas.ReasoningEncrypted {
				add(schemas.ChunkChoice{Delta: schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{d}}})
				continue
			}
			part := d
			part.Signature = ""
			for _, part.Text = range split(t, d.Text) {
				add(schemas.ChunkChoice{Delta: schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{part}}})
			}
			part.Text, part.Signature = "", d.Signature
			add(schemas.ChunkChoice{Delta: schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{part}}})
		}
		for i, call := range c.Message.ToolCalls {
			for j, text := range split(t, call.Function.Arguments) {
				part := schemas.ToolCall{Index: &i, Function: schemas.FunctionCall{Arguments: text}}
				if j == 0 {
					part.ID, part.Type, part.Function.Name = call.ID, call.Type, call.Function.Name
				}
				add(schemas.ChunkChoice{Delta: schemas.Delta{ToolCalls: []schemas.ToolCall{part}}})
			}
		}
		add(schemas.ChunkChoice{FinishReason: &c.FinishReason})
		streams = append(streams, own)
	}
	var out []*schemas.ChatChunk
	for len(streams) > 0 {
		i := rapid.IntRange(0, len(streams)-1).Draw(t, "next")
		out = append(out, streams[i][0])
		if streams[i] = streams[i][1:]; len(streams[i]) == 0 {
			streams = append(streams[:i], streams[i+1:]...)
		}
	}
	return append(out, &schemas.ChatChunk{ID: resp.ID, Model: resp.Model, Choices: []schemas.ChunkChoice{}, Usage: resp.Usage})
}

func TestEveryStreamIsItsWholeAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := drawResponse(rt)
		withoutLoose(want)
		w := &chunkWriter{thoughts: true, list: rapid.Bool().Draw(rt, "list")}
		var stream []byte
		var err error
		for _, c := range drawChunks(rt, want) {
			if stream, err = w.Append(stream, c); err != nil {
				rt.Fatal(err)
			}
		}
		stream = w.AppendEnd(stream)
		if w.list { // each element is an event of the other form
			var all []json.RawMessage
			if err := json.Unmarshal(stream, &all); err != nil {
				rt.Fatalf("%v: %s", err, stream)
			}
			stream = nil
			for _, each := range all {
				stream = append(append(append(stream, "data: "...), each...), "\n\n"...)
			}
		}
		got, err := accumulated(NewChatStream(bytes.NewReader(stream), true, ""))
		if err != nil || essence(rt, got) != essence(rt, want) {
			rt.Fatalf("got %s, %v\nwant %s\nfrom %s", essence(rt, got), err, essence(rt, want), stream)
		}
	})
}

func TestEveryConversationComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := 0
		want := &schemas.ChatRequest{Model: "m", IncludeUsage: true, Messages: []schemas.ChatMessage{schemas.UserMessage("begin")}}
		if rapid.Bool().Draw(t, "system") {
			want.Messages = append([]schemas.ChatMessage{schemas.SystemMessage(words.Draw(t, "prompt"))}, want.Messages...)
		}
		for range rapid.IntRange(0, 3).Draw(t, "turns") {
			a := drawAnswer(t, &ids)
			a.Reasoning = "" // which is not sent back
			if len(a.ToolCalls) > 0 && a.Content.PlainText() == "" {
				a.Content = nil
			}
			var kept []schemas.ReasoningDetail
			signed := false
			for _, d := range a.ReasoningDetails {
				// One text has one signature; other providers' thinking is left out.
				if d.Format == schemas.FormatGemini && (d.ID != "" || !signed && a.Content != nil) {
					signed = signed || d.ID == ""
					d.Index = len(kept)
					kept = append(kept, d)
				}
			}
			if a.ReasoningDetails = kept; a.Content.PlainText() == "" && len(a.ToolCalls) == 0 {
				a.Content = schemas.TextContent("said")
			}
			want.Messages = append(want.Messages, a)
			for _, c := range a.ToolCalls {
				want.Messages = append(want.Messages, schemas.ChatMessage{Role: roleTool, ToolCallID: c.ID, IsError: rapid.Bool().Draw(t, "failed"),
					Content: schemas.TextContent(words.Draw(t, "result"))})
			}
			want.Messages = append(want.Messages, schemas.UserMessage("and "+words.Draw(t, "question")))
		}
		body, dropped, err := EncodeRequest(want, "m")
		if err != nil || len(dropped) > 0 {
			t.Fatalf("dropped %v, %v", dropped, err)
		}
		got, _, err := DecodeRequest(body, "m")
		if err != nil || !reflect.DeepEqual(got, want) {
			have, _ := json.Marshal(got)
			need, _ := json.Marshal(want)
			t.Fatalf("got %s, %v\nwant %s\nfrom %s", have, err, need, body)
		}
	})
}

// Calls need not have an id: a result belongs to the first open call of its name.
func TestResultsWithoutIDsFindTheirCalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 1, 5).Draw(t, "names")
		var calls, results []string
		for i, n := range names {
			calls = append(calls, fmt.Sprintf(`{"functionCall":{"name":%q,"args":{"n":%d}}}`, n, i))
			results = append(results, fmt.Sprintf(`{"functionResponse":{"name":%q,"response":{"n":%d}}}`, n, i))
		}
		// Those of one name stay in their order.
		order := rapid.Permutation([]string{"a", "b"}).Draw(t, "order")
		var sorted []string
		for _, name := range order {
			for i, n := range names {
				if n == name {
					sorted = append(sorted, results[i])
				}
			}
		}
		body := fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[%s]},{"role":"user","parts":[%s]}]}`, strings.Join(calls, ","), strings.Join(sorted, ","))
		got, _, err := DecodeRequest([]byte(body), "m")
		if err != nil {
			t.Fatal(err)
		}
		arguments := map[string]string{}
		for _, c := range got.Messages[1].ToolCalls {
			arguments[c.ID] = c.Function.Arguments
		}
		if len(arguments) != len(names) {
			t.Fatalf("ids are not each call's own: %v", arguments)
		}
		for _, m := range got.Messages[2:] {
			if arguments[m.ToolCallID] != m.Content.PlainText() {
				t.Fatalf("%s is taken for the result of %s", m.Content.PlainText(), arguments[m.ToolCallID])
			}
		}
	})
}
