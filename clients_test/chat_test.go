package clients_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func TestChatAnswerHasEveryField(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		var resp *http.Response
		answer := d.chat(t, d.ask("What is a router?"), option.WithResponseInto(&resp))
		if !strings.HasPrefix(answer.ID, "chatcmpl-sim-") || answer.Object != "chat.completion" ||
			answer.Model != "sim-small" || answer.Created == 0 || len(answer.Choices) != 1 {
			t.Fatalf("got %s", answer.RawJSON())
		}
		c := answer.Choices[0]
		if c.Index != 0 || c.FinishReason != "stop" || c.Message.Role != "assistant" ||
			!strings.Contains(c.Message.Content, `"What is a router?".`) {
			t.Errorf("got %s", c.RawJSON())
		}
		u := answer.Usage
		if u.PromptTokens != 4 || u.CompletionTokens != 16 || u.TotalTokens != 20 {
			t.Errorf("got usage %s", u.RawJSON())
		}
		if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got headers %v", resp.Header)
		}
	})
}

func TestChatAnswerWithTwoChoicesHasBothInOrder(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("twice")
		p.N = openai.Int(2)
		c := d.chat(t, p).Choices
		if len(c) != 2 || c[0].Index != 0 || c[1].Index != 1 || c[0].Message.Content == c[1].Message.Content {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestChatAnswerThatIsCutSaysSo(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("at length")
		p.MaxCompletionTokens = openai.Int(3)
		answer := d.chat(t, p)
		if answer.Choices[0].FinishReason != "length" || answer.Usage.CompletionTokens != 3 {
			t.Fatalf("got %s", answer.RawJSON())
		}
	})
}

var created = regexp.MustCompile(`"created":\d+`)

// TestEveryDoorGivesTheProvidersAnswersByteForByte compares what the SDK has read.
func TestEveryDoorGivesTheProvidersAnswersByteForByte(t *testing.T) {
	got := map[string]string{}
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("byte for byte, <b>\u00e9\u2028</b>")
		p.N = openai.Int(2)
		var all strings.Builder
		all.WriteString(d.chat(t, p).RawJSON())
		p.StreamOptions.IncludeUsage = openai.Bool(true)
		for _, chunk := range d.stream(t, p) {
			all.WriteString("\n" + chunk.RawJSON())
		}
		got[t.Name()] = created.ReplaceAllString(all.String(), `"created":0`)
	})
	if len(got) != 5 {
		t.Fatalf("%d doors were used, want 5", len(got))
	}
	want := got[t.Name()+"/direct"]
	for name, answers := range got {
		if answers != want {
			t.Errorf("%s read\n%s\nand the control\n%s", name, answers, want)
		}
	}
}

func TestSystemHistoryAndPartsOfAMessageReachTheProvider(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := openai.ChatCompletionNewParams{Model: d.model("sim-small"), Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("be brief"),
			openai.DeveloperMessage("and kind"),
			openai.UserMessage("one"),
			openai.AssistantMessage("two three"),
			openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
				openai.TextContentPart("four five"), openai.TextContentPart("six"),
				openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64,AA=="}),
			}),
		}}
		answer := d.chat(t, p)
		if !strings.Contains(answer.Choices[0].Message.Content, `"four five six"`) || answer.Usage.PromptTokens != 10+64 { // of the picture
			t.Fatalf("got %s", answer.RawJSON())
		}
	})
}
