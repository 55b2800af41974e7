package schemas

import "encoding/json"

// ImageRequest asks for pictures: OpenAI's image generation API.
type ImageRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model,omitempty"`

	Prompt         string `json:"prompt"`
	N              *int   `json:"n,omitempty"`
	Size           string `json:"size,omitempty"` // "1024x1024"
	Quality        string `json:"quality,omitempty"`
	Style          string `json:"style,omitempty"`
	Background     string `json:"background,omitempty"`
	OutputFormat   string `json:"output_format,omitempty"`
	ResponseFormat string `json:"response_format,omitempty"` // "url" or "b64_json"
	User           string `json:"user,omitempty"`

	Fallbacks []Fallback                 `json:"-"` // as in ChatRequest
	Extra     map[string]json.RawMessage `json:"-"` // as in ChatRequest
}

// ImageResponse has the pictures.
type ImageResponse struct {
	Created int64           `json:"created"` // Unix seconds
	Data    []Image         `json:"data"`
	Usage   json.RawMessage `json:"usage,omitempty"`

	Served Served `json:"-"` // as in ChatResponse
}

// Image is one picture, by address or in base64.
type Image struct {
	URL           string `json:"url,omitempty"`
	B64JSON       string `json:"b64_json,omitempty"`
	RevisedPrompt string `json:"revised_prompt,omitempty"`
}
