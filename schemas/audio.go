package schemas

import "encoding/json"

// SpeechRequest asks for spoken text: OpenAI's speech API. The answer is sound, as a
// RawResponse.
type SpeechRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model"`

	Input          string   `json:"input"`
	Voice          string   `json:"voice"`
	Instructions   string   `json:"instructions,omitempty"`
	ResponseFormat string   `json:"response_format,omitempty"` // "mp3", "wav", …
	Speed          *float64 `json:"speed,omitempty"`

	Fallbacks []Fallback                 `json:"-"` // as in ChatRequest
	Extra     map[string]json.RawMessage `json:"-"` // as in ChatRequest
}

// TranscriptionRequest asks for what is said in a recording: OpenAI's transcription
// and translation APIs.
type TranscriptionRequest struct {
	Provider string
	Model    string

	File     []byte
	Filename string // its ending tells the format
	Language string // ISO 639-1; of a transcription only
	Prompt   string

	// ResponseFormat is "json" (the default), "verbose_json", "text", "srt" or "vtt".
	ResponseFormat string
	Temperature    *float64

	Fallbacks []Fallback // as in ChatRequest
	// Extra holds further form fields, sent as they are.
	Extra map[string]string
}

// TranscriptionResponse is what was said. Of an answer that is no JSON only Text is
// set.
type TranscriptionResponse struct {
	Text     string          `json:"text"`
	Language string          `json:"language,omitempty"`
	Duration float64         `json:"duration,omitempty"` // seconds
	Segments json.RawMessage `json:"segments,omitempty"`
	Words    json.RawMessage `json:"words,omitempty"`
	Usage    json.RawMessage `json:"usage,omitempty"` // of tokens, or of seconds

	Served Served `json:"-"` // as in ChatResponse
}
