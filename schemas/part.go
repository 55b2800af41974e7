package schemas

// ContentPart is one part of a multi-part message. Which field is set depends
// on Type: "text", "refusal", "image_url", "input_audio", "video_url" or "file".
type ContentPart struct {
	Type       string     `json:"type"`
	Text       string     `json:"text,omitempty"`
	Refusal    string     `json:"refusal,omitempty"`
	ImageURL   *ImageURL  `json:"image_url,omitempty"`
	InputAudio *Audio     `json:"input_audio,omitempty"`
	VideoURL   *MediaURL  `json:"video_url,omitempty"` // not of OpenAI's own API
	File       *FileInput `json:"file,omitempty"`
	// CacheControl marks the end of what a provider may cache.
	CacheControl *CacheControl `json:"cache_control,omitempty"`
}

// TextPart returns a part of plain text.
func TextPart(text string) ContentPart { return ContentPart{Type: "text", Text: text} }

// ImageURL is an image by address or as a data: URL.
type ImageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"`
}

// MediaURL is a file by address or as a data: URL.
type MediaURL struct {
	URL string `json:"url"`
}

// Audio is sound in base64.
type Audio struct {
	Data   string `json:"data"`
	Format string `json:"format"` // "wav", "mp3", …
}

// FileInput is a document: FileData as a data: URL, FileURL by address, or FileID as
// the provider knows it.
type FileInput struct {
	FileData string `json:"file_data,omitempty"`
	FileURL  string `json:"file_url,omitempty"` // not of OpenAI's own API
	FileID   string `json:"file_id,omitempty"`
	Filename string `json:"filename,omitempty"`
}

// CacheControl is a prompt caching marker, as Anthropic's API has it.
type CacheControl struct {
	Type string `json:"type"`          // "ephemeral"
	TTL  string `json:"ttl,omitempty"` // "5m" or "1h"; empty: the provider's default
}
