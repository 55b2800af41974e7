package openai

import (
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

func TestAPictureInAToolsResultGoesIntoTheUsersMessageAfterTheResults(t *testing.T) {
	picture := schemas.ContentPart{Type: "image_url", ImageURL: &schemas.ImageURL{URL: "data:image/png;base64,AA=="}}
	result := func(id string, parts ...schemas.ContentPart) schemas.ChatMessage {
		return schemas.ChatMessage{Role: roleTool, ToolCallID: id, Content: &schemas.Content{Parts: parts}}
	}
	for name, c := range map[string]struct {
		after []schemas.ChatMessage
		roles string // of all messages
		media string // content of the message with the pictures
	}{
		"at the end":                {nil, `["tool","tool","user"]`, `["text","image_url","image_url"]`},
		"before the user's message": {[]schemas.ChatMessage{schemas.UserMessage("and?")}, `["tool","tool","user"]`, `["text","image_url","image_url","text"]`},
		"before an answer": {[]schemas.ChatMessage{{Role: roleAssistant, Content: schemas.TextContent("x")}},
			`["tool","tool","user","assistant"]`, `["text","image_url","image_url"]`},
	} {
		req := &schemas.ChatRequest{Messages: append([]schemas.ChatMessage{result("a", picture), result("b", schemas.TextPart("seen"), picture)}, c.after...)}
		call, dropped, err := Codec{}.Encode(&schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: req})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("%s: %v, dropped %v", name, err, dropped)
		}
		body := gjson.ParseBytes(call.Body)
		if got := body.Get("messages.#.role").Raw; got != c.roles {
			t.Errorf("%s: got %s", name, got)
		}
		if got := body.Get("messages.2.content.#.type").Raw; got != c.media {
			t.Errorf("%s: got %s", name, got)
		}
		if body.Get("messages.0.content").Str != elsewhere || body.Get("messages.1.content.0.text").Str != "seen" || body.Get("messages.1.content.#").Int() != 1 {
			t.Errorf("%s: got %s", name, body.Get("messages"))
		}
		if req.Messages[0].Content.Parts[0].ImageURL == nil || len(req.Messages) != 2+len(c.after) {
			t.Errorf("%s: the request was modified", name)
		}
	}
}
