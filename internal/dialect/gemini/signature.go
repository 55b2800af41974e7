package gemini

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bifrost/schemas"
)

// noSignature stands for the signature of a function call that another model made:
// Gemini 3 refuses one without.
// https://ai.google.dev/gemini-api/docs/thought-signatures
const noSignature = "skip_thought_signature_validator"

// earlierNoSignature means the same.
const earlierNoSignature = "context_engineering_is_the_way_to_go"

// signing are the models that refuse a function call without a signature: those of
// Gemini 3 and later, and the names that stand for the latest model.
var signing = regexp.MustCompile(`gemini-([3-9]|[a-z-]*latest)`)

// wrapped begins a signature that is another provider's thinking: clients send signatures
// back as they are, and nothing else of theirs can carry it.
const wrapped = "bifrost."

// wrap returns the pieces of another provider's thinking as a signature.
func wrap(details []schemas.ReasoningDetail) (string, error) {
	data, err := json.Marshal(details)
	if err != nil {
		return "", &schemas.Error{Kind: schemas.KindInternal, Message: "a piece of thinking cannot be written as json", Err: err}
	}
	return base64.StdEncoding.EncodeToString(append([]byte(wrapped), data...)), nil
}

// detailsOf returns a signature in the canonical form, numbered from index on; id is that
// of the call it belongs to, or "". One that says nothing has none.
func detailsOf(signature, id string, index int) []schemas.ReasoningDetail {
	if isNone(signature) {
		return nil
	}
	text, ok := unwrap(signature)
	if !ok {
		return []schemas.ReasoningDetail{{Type: schemas.ReasoningEncrypted, Data: signature, ID: id, Format: schemas.FormatGemini, Index: index}}
	}
	var details []schemas.ReasoningDetail
	if json.Unmarshal(text, &details) != nil {
		return nil
	}
	details = slices.DeleteFunc(details, func(d schemas.ReasoningDetail) bool { return d.Format == schemas.FormatGemini })
	for i := range details {
		details[i].Index = index + i
	}
	return details
}

// isNone reports whether a signature stands for none, in whichever way a client has
// written its bytes.
func isNone(signature string) bool {
	switch signature {
	case "", noSignature, earlierNoSignature:
		return true
	}
	text, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && (string(text) == noSignature || string(text) == earlierNoSignature)
}

func unwrap(signature string) ([]byte, bool) {
	// Clients may write it in the other alphabet of base64.
	text, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(signature))
	if err != nil {
		return nil, false
	}
	rest, ok := strings.CutPrefix(string(text), wrapped)
	return []byte(rest), ok
}

// ownSignature returns the signature of a detail of the dialect; "" if it has none.
func ownSignature(d *schemas.ReasoningDetail) string {
	if d.Format != schemas.FormatGemini {
		return ""
	}
	if d.Signature != "" {
		return d.Signature
	}
	return d.Data
}

// minted begins the ids of calls that came without one. They are not sent back.
const minted = "gemini_call_"

// mintedID returns an id for a call of an answer, the same each time: clients of other
// dialects rely on one that no other call of the conversation has.
func mintedID(response string, candidate, place int, call *callWire) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d\n%s\n%s", response, candidate, place, call.Name, argumentsOf(call.Args)))
	return minted + hex.EncodeToString(sum[:10])
}

// idOnWire returns the id of a call as it is sent.
func idOnWire(id string) string {
	if strings.HasPrefix(id, minted) {
		return ""
	}
	return id
}

// newFunctionCall returns a call of a function.
func newFunctionCall(id, name, arguments string) schemas.ToolCall {
	return schemas.ToolCall{ID: id, Type: "function", Function: schemas.FunctionCall{Name: name, Arguments: arguments}}
}
