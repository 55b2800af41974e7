package openai

import (
	"slices"

	"bifrost/schemas"
)

const (
	// elsewhere is what a result says whose content is in the message after it.
	elsewhere = "The result is in the next message."
	// resultsOf begins the message that has the content of results.
	resultsOf = "These are from the results of the tools:"
)

// withToolMedia returns the messages with the images, files and sounds of tools' results in
// the user's message that follows them, since a tool's message takes text only
// (https://platform.openai.com/docs/api-reference/chat/create, messages, tool message).
// Where there are none, it is messages itself, which is not modified.
func withToolMedia(messages []schemas.ChatMessage) []schemas.ChatMessage {
	if !slices.ContainsFunc(messages, func(m schemas.ChatMessage) bool { return m.Role == roleTool && hasMedia(m.Content) }) {
		return messages
	}
	var out []schemas.ChatMessage
	var moved []schemas.ContentPart // of the results that end here
	for _, m := range messages {
		switch {
		case m.Role == roleTool && hasMedia(m.Content):
			var media []schemas.ContentPart
			m.Content, media = apart(m.Content)
			moved = append(moved, media...)
		case m.Role != roleTool && moved != nil:
			if m.Role == roleUser {
				m.Content = &schemas.Content{Parts: append(introduced(moved), partsOf(m.Content)...)}
			} else {
				out = append(out, mediaMessage(moved))
			}
			moved = nil
		}
		out = append(out, m)
	}
	if moved != nil {
		out = append(out, mediaMessage(moved))
	}
	return out
}

func mediaMessage(moved []schemas.ContentPart) schemas.ChatMessage {
	return schemas.ChatMessage{Role: roleUser, Content: &schemas.Content{Parts: introduced(moved)}}
}

func introduced(moved []schemas.ContentPart) []schemas.ContentPart {
	return append([]schemas.ContentPart{schemas.TextPart(resultsOf)}, moved...)
}

// isMedia reports whether a part is no text.
func isMedia(p schemas.ContentPart) bool {
	return p.ImageURL != nil || p.InputAudio != nil || p.File != nil
}

func hasMedia(c *schemas.Content) bool { return c != nil && slices.ContainsFunc(c.Parts, isMedia) }

// apart returns a result's text, and what is none.
func apart(c *schemas.Content) (text *schemas.Content, media []schemas.ContentPart) {
	text = &schemas.Content{}
	for _, p := range c.Parts {
		if isMedia(p) {
			media = append(media, p)
		} else {
			text.Parts = append(text.Parts, p)
		}
	}
	if text.Parts == nil {
		text.Text = elsewhere
	}
	return text, media
}

// partsOf returns a content as parts.
func partsOf(c *schemas.Content) []schemas.ContentPart {
	switch {
	case c == nil:
		return nil
	case c.Parts != nil:
		return c.Parts
	case c.Text == "":
		return nil
	}
	return []schemas.ContentPart{schemas.TextPart(c.Text)}
}
