package openai

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// encodeTranscription writes an upload. Its boundary follows from the recording, so
// that a retry sends the same bytes. language is not sent with a translation, which
// has none; it is named in dropped then.
func encodeTranscription(call *dialect.Call, req *schemas.Request) (dropped []string, err error) {
	t := req.Transcription
	if !plainName(t.Filename) {
		return nil, dialect.BadRequest("the filename has control characters, which a form cannot carry; correct it")
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	sum := sha256.Sum256(t.File)
	if err := form.SetBoundary("bifrost-" + hex.EncodeToString(sum[:16])); err != nil {
		return nil, err
	}
	fields := map[string]string{"model": named(req.Model, t.Model), "prompt": t.Prompt, "response_format": t.ResponseFormat}
	if req.Operation == schemas.OperationTranscription {
		fields["language"] = t.Language
	} else if t.Language != "" {
		dropped = []string{"language"}
	}
	if t.Temperature != nil {
		fields["temperature"] = strconv.FormatFloat(*t.Temperature, 'g', -1, 64)
	}
	if err := writeFields(form, fields, t.Extra, "stream"); err != nil {
		return nil, err
	}
	file, err := form.CreateFormFile("file", named(t.Filename, "audio"))
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(t.File); err != nil {
		return nil, err
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	call.Header = http.Header{"Content-Type": {form.FormDataContentType()}}
	if t.ResponseFormat != "" && t.ResponseFormat != "json" && t.ResponseFormat != "verbose_json" {
		call.Header.Set("Accept", "*/*")
	}
	call.Body = body.Bytes()
	return dropped, nil
}

// writeFields writes the fields of a form that are not empty, and the extra ones that are
// none of them, nor reserved, nor the file.
func writeFields(form *multipart.Writer, fields, extra map[string]string, reserved ...string) error {
	for name, value := range extra {
		if !plainName(name) {
			return dialect.BadRequest("the name of an extra field has control characters, which a form cannot carry; correct it")
		}
		if _, own := fields[name]; !own && name != "file" && !slices.Contains(reserved, name) {
			fields[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] == "" {
			continue
		}
		if err := form.WriteField(name, fields[name]); err != nil {
			return err
		}
	}
	return nil
}

// plainName reports whether the header of a form's part can carry a name.
func plainName(name string) bool {
	return !strings.ContainsFunc(name, unicode.IsControl)
}

// decodeTranscription reads an answer in JSON, or, where the request asked for
// another format, the text that it is.
func decodeTranscription(req *schemas.TranscriptionRequest, header http.Header, data []byte, key string) (*schemas.TranscriptionResponse, error) {
	switch req.ResponseFormat {
	case "text", "srt", "vtt":
		if !dialect.IsJSON(header) {
			return &schemas.TranscriptionResponse{Text: string(data)}, nil
		}
	}
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	in := struct {
		*schemas.TranscriptionResponse
		Text     *string     `json:"text"`
		Duration json.Number `json:"duration"` // some send it as a string
	}{TranscriptionResponse: &schemas.TranscriptionResponse{}}
	if err := json.Unmarshal(data, &in); err != nil || in.Text == nil {
		return nil, notThe("a transcription")
	}
	in.TranscriptionResponse.Text = *in.Text
	in.TranscriptionResponse.Duration, _ = in.Duration.Float64() // absent: 0
	return in.TranscriptionResponse, nil
}
