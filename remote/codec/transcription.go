package codec

import (
	"encoding/json"

	"bifrost/schemas"
)

// transcription is schemas.TranscriptionRequest, which has no names of its own, in JSON. Its
// names are those of OpenAI's form. The fields must be the same, or it does not compile.
type transcription struct {
	Provider string `json:"-"`
	Model    string `json:"model"`

	File     []byte `json:"file"` // base64
	Filename string `json:"filename,omitempty"`
	Language string `json:"language,omitempty"`
	Prompt   string `json:"prompt,omitempty"`

	ResponseFormat string   `json:"response_format,omitempty"`
	Temperature    *float64 `json:"temperature,omitempty"`

	Fallbacks []schemas.Fallback `json:"-"`
	Extra     map[string]string  `json:"-"`
}

var (
	transcriptionNames = namesOf[transcription]()
	transcriptionForm  = form{encode: encodeTranscription, decode: decodeTranscription}
)

func encodeTranscription(r *schemas.Request) ([]byte, error) {
	if r.Transcription == nil {
		return nil, nil
	}
	t := (*transcription)(r.Transcription)
	extra := make(map[string]json.RawMessage, len(t.Extra))
	for name, value := range t.Extra {
		quoted, err := marshal(value)
		if err != nil {
			return nil, err
		}
		extra[name] = quoted
	}
	return encodeBody(t, extra, hidden{}, transcriptionNames)
}

func decodeTranscription(r *schemas.Request, body []byte) error {
	t, m, err := decodeBody[transcription](body, transcriptionNames)
	if err != nil {
		return err
	}
	for name, value := range m.extra {
		if t.Extra == nil {
			t.Extra = make(map[string]string, len(m.extra))
		}
		// A field of a form is text: what is no string is sent as it is written.
		var s string
		if value[0] != '"' || json.Unmarshal(value, &s) != nil {
			s = string(value)
		}
		t.Extra[name] = s
	}
	r.Transcription = (*schemas.TranscriptionRequest)(t)
	return nil
}
