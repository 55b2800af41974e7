package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"bifrost/schemas"
)

// wrapped begins the data of a redacted_thinking block that is a piece of another
// provider's thinking: clients send such blocks back as they are, and nothing else
// of theirs can carry it.
const wrapped = "bifrost."

// detailOf returns a thinking block in the canonical form. ok is false for one
// without a signature, which no provider takes back.
func detailOf(b *blockWire) (d schemas.ReasoningDetail, ok bool) {
	if b.Type == blockRedacted {
		if text, foreign := strings.CutPrefix(b.Data, wrapped); foreign {
			return unwrap(text)
		}
		return schemas.ReasoningDetail{Type: schemas.ReasoningEncrypted, Data: b.Data, Format: schemas.FormatAnthropic}, b.Data != ""
	}
	return schemas.ReasoningDetail{Type: schemas.ReasoningText, Text: value(b.Thinking), Signature: value(b.Signature),
		Format: schemas.FormatAnthropic}, value(b.Signature) != ""
}

func unwrap(text string) (d schemas.ReasoningDetail, ok bool) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &d) != nil || d.Format == schemas.FormatAnthropic {
		return schemas.ReasoningDetail{}, false
	}
	return d, true
}

// thinkingBlock returns a piece of thinking as a block: the dialect's own as it was,
// any other wrapped.
func thinkingBlock(d *schemas.ReasoningDetail) (blockWire, error) {
	switch {
	case d.Format == schemas.FormatAnthropic && d.Type == schemas.ReasoningEncrypted:
		return blockWire{Type: blockRedacted, Data: d.Data}, nil
	case d.Format == schemas.FormatAnthropic:
		return thoughtBlock(d.Text, d.Signature), nil
	}
	data, err := json.Marshal(d)
	if err != nil {
		return blockWire{}, err
	}
	return blockWire{Type: blockRedacted, Data: wrapped + base64.StdEncoding.EncodeToString(data)}, nil
}

func thoughtBlock(text, signature string) blockWire {
	return blockWire{Type: blockThinking, Thinking: &text, Signature: &signature}
}

// ownText reports whether one of the details is readable thinking of the dialect, so
// that a message's plain reasoning says nothing more.
func ownText(details []schemas.ReasoningDetail) bool {
	for _, d := range details {
		if d.Format == schemas.FormatAnthropic && d.Type != schemas.ReasoningEncrypted {
			return true
		}
	}
	return false
}
