package gemini

import (
	"encoding/base64"
	"mime"
	"net/url"
	"path"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// mediaTypes are those that the API takes, by the end of a file's name.
// https://ai.google.dev/gemini-api/docs/file-input-methods
var mediaTypes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".heic": "image/heic", ".heif": "image/heif", ".gif": "image/gif",
	".mp4": "video/mp4", ".mpeg": "video/mpeg", ".mpg": "video/mpg", ".mov": "video/mov", ".avi": "video/avi", ".flv": "video/x-flv", ".webm": "video/webm", ".wmv": "video/wmv", ".3gp": "video/3gpp",
	".wav": "audio/wav", ".mp3": "audio/mp3", ".aiff": "audio/aiff", ".aac": "audio/aac", ".ogg": "audio/ogg", ".flac": "audio/flac",
	".pdf": "application/pdf", ".txt": "text/plain", ".md": "text/md", ".html": "text/html", ".css": "text/css", ".csv": "text/csv", ".xml": "text/xml", ".json": "application/json",
}

// mediaTypeOf guesses a type from an address; "" if it does not tell.
func mediaTypeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return mediaTypes[strings.ToLower(path.Ext(u.Path))]
}

// mediaPart returns an address or a data: URL as a part.
func mediaPart(field, address string) (partWire, error) {
	rest, isData := strings.CutPrefix(address, "data:")
	if !isData {
		if address == "" {
			return partWire{}, dialect.BadRequest(field + " is empty; set it")
		}
		return partWire{FileData: &fileWire{MimeType: mediaTypeOf(address), FileURI: address}}, nil
	}
	head, data, found := strings.Cut(rest, ",")
	head, coded := strings.CutSuffix(head, ";base64")
	media, _, err := mime.ParseMediaType(head)
	if !found || err != nil {
		return partWire{}, dialect.BadRequest(field + " is not a data: URL with a media type; correct it")
	}
	if !coded {
		text, err := url.PathUnescape(data)
		if err != nil {
			return partWire{}, dialect.BadRequest(field + " is not a valid data: URL; correct it")
		}
		data = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return partWire{InlineData: &blobWire{MimeType: media, Data: data}}, nil
}

// audioPart returns sound as a part.
func audioPart(field string, a *schemas.Audio) (partWire, error) {
	if a.Format == "" {
		return partWire{}, dialect.BadRequest(field + ".format is missing; set it")
	}
	return partWire{InlineData: &blobWire{MimeType: "audio/" + a.Format, Data: a.Data}}, nil
}

// filePart returns a document as a part.
func filePart(field string, f *schemas.FileInput) (partWire, error) {
	switch {
	case f.FileID != "":
		return partWire{FileData: &fileWire{FileURI: f.FileID}}, nil
	case f.FileURL != "":
		return mediaPart(field+".file_url", f.FileURL)
	}
	if f.FileData != "" && !strings.HasPrefix(f.FileData, "data:") {
		return partWire{}, dialect.BadRequest(field + ".file_data is not a data: URL; correct it")
	}
	return mediaPart(field+".file_data", f.FileData)
}

// inlinePart returns data in the canonical form.
func inlinePart(b *blobWire) (schemas.ContentPart, bool) {
	kind, format, ok := strings.Cut(b.MimeType, "/")
	if !ok {
		return schemas.ContentPart{}, false
	}
	// Clients write bytes in either alphabet of base64; a data: URL has the plain one.
	data := strings.NewReplacer("-", "+", "_", "/").Replace(b.Data)
	address := "data:" + b.MimeType + ";base64," + data
	switch kind {
	case "image":
		return imagePart(address), true
	case "video":
		return videoPart(address), true
	case "audio":
		switch format {
		case "mpeg":
			format = "mp3"
		case "x-wav", "wave":
			format = "wav"
		}
		return schemas.ContentPart{Type: "input_audio", InputAudio: &schemas.Audio{Data: data, Format: format}}, true
	}
	return schemas.ContentPart{Type: "file", File: &schemas.FileInput{FileData: address}}, true
}

// addressPart returns a file by address in the canonical form.
func addressPart(f *fileWire) schemas.ContentPart {
	media := f.MimeType
	if media == "" {
		media = mediaTypeOf(f.FileURI)
	}
	switch kind, _, _ := strings.Cut(media, "/"); {
	case kind == "image":
		return imagePart(f.FileURI)
	case kind == "video", isYouTube(f.FileURI):
		return videoPart(f.FileURI)
	}
	return schemas.ContentPart{Type: "file", File: &schemas.FileInput{FileURL: f.FileURI}}
}

// isYouTube reports whether an address is that of a video which the API takes by its
// page.
func isYouTube(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Host == "youtu.be" || strings.TrimPrefix(u.Host, "www.") == "youtube.com")
}

func imagePart(address string) schemas.ContentPart {
	return schemas.ContentPart{Type: "image_url", ImageURL: &schemas.ImageURL{URL: address}}
}

func videoPart(address string) schemas.ContentPart {
	return schemas.ContentPart{Type: "video_url", VideoURL: &schemas.MediaURL{URL: address}}
}
