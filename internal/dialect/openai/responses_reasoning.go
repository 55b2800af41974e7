package openai

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// wrapped begins an encrypted_content that holds pieces of a provider's thinking:
// clients send it back as it is, and nothing else of theirs can carry them.
const wrapped = "bifrost."

// wrap returns pieces of thinking as encrypted_content; "" for none.
func wrap(details []schemas.ReasoningDetail) (string, error) {
	if len(details) == 0 {
		return "", nil
	}
	data, err := json.Marshal(details)
	if err != nil {
		return "", &schemas.Error{Kind: schemas.KindInternal, Message: "a piece of thinking cannot be written as json", Err: err}
	}
	return wrapped + base64.StdEncoding.EncodeToString(data), nil
}

// unwrap returns the pieces of thinking in an encrypted_content that wrap wrote. ours is
// false for any other.
func unwrap(content string) (details []schemas.ReasoningDetail, ours bool) {
	text, ours := strings.CutPrefix(content, wrapped)
	if !ours {
		return nil, false
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &details) != nil {
		return nil, true // it is not as it was
	}
	return details, true
}

// reasoning adds an item of reasoning to the message of the model that follows.
func (t *turns) reasoning(field string, it *inputItem) error {
	var parts []inputPart
	if dialect.Present(it.Content) {
		if err := json.Unmarshal(it.Content, &parts); err != nil {
			return dialect.BadRequest(field + ".content must be a list of parts; correct it")
		}
	}
	text := textOfParts(parts)
	if text == "" {
		text = textOfParts(it.Summary)
	}
	m := t.ofModel(false)
	m.Reasoning += text
	details, ours := unwrap(it.EncryptedContent)
	if !ours && it.EncryptedContent != "" {
		details = ofResponses(it)
	}
	addDetails(m, details)
	return nil
}

// ofResponses returns reasoning of a provider of the Responses API.
func ofResponses(it *inputItem) []schemas.ReasoningDetail {
	var out []schemas.ReasoningDetail
	for _, p := range it.Summary {
		out = append(out, schemas.ReasoningDetail{Type: schemas.ReasoningSummary, Summary: p.Text, ID: it.ID, Format: schemas.FormatResponses})
	}
	return append(out, schemas.ReasoningDetail{Type: schemas.ReasoningEncrypted, Data: it.EncryptedContent, ID: it.ID,
		Format: schemas.FormatResponses})
}

// addDetails adds pieces of thinking to those that a message has.
func addDetails(m *schemas.ChatMessage, details []schemas.ReasoningDetail) {
	for _, d := range details {
		d.Index = len(m.ReasoningDetails)
		m.ReasoningDetails = append(m.ReasoningDetails, d)
	}
}
