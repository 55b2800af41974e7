package anthropic

import (
	"encoding/base64"

	"bifrost/schemas"
)

// addressOf returns a source as an address or a data: URL.
func addressOf(s *sourceWire) (string, bool) {
	switch {
	case s.Type == "base64" && s.MediaType != "":
		return "data:" + s.MediaType + ";base64," + s.Data, true
	case s.Type == "url" && s.URL != "":
		return s.URL, true
	case s.Type == "text":
		return "data:text/plain;base64," + base64.StdEncoding.EncodeToString([]byte(s.Data)), true
	}
	return "", false
}

// fileOf returns a document.
func fileOf(field string, b *blockWire) (*schemas.FileInput, error) {
	f := &schemas.FileInput{Filename: b.Title}
	if b.Source.Type == "file" && b.Source.FileID != "" {
		f.FileID = b.Source.FileID
		return f, nil
	}
	address, ok := addressOf(b.Source)
	switch {
	case !ok:
		return nil, untranslatable(field + ".source of this type")
	case b.Source.Type == "url":
		f.FileURL = address
	default:
		f.FileData = address
	}
	return f, nil
}
