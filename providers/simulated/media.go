package simulated

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// pixel is a picture of one grey pixel.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const maxImages = 10

// imageRequest asks for pictures.
type imageRequest struct {
	Model  string `json:"model"`
	Prompt string `json:"prompt"`
	N      *int   `json:"n"`
	Stream bool   `json:"stream"`
}

func parseImages(_ *Upstream, c call) (job, *refusal) {
	r := new(imageRequest)
	if fault := decode(c.body, r); fault != nil {
		return nil, fault
	}
	switch {
	case r.Prompt == "":
		return nil, badRequest("prompt", "prompt is missing; describe the picture")
	case r.N != nil && (*r.N < 1 || *r.N > maxImages):
		return nil, badRequest("n", "n is not between 1 and "+strconv.Itoa(maxImages))
	case r.Stream:
		return nil, badRequest("stream", "pictures are not streamed; leave it out")
	}
	return r, nil
}

func (r *imageRequest) streams() bool { return false }

func (r *imageRequest) reply(context.Context, *Upstream, ticket, switches) reply {
	type image struct {
		Data string `json:"b64_json"`
	}
	n := 1
	if r.N != nil {
		n = *r.N
	}
	data := make([]image, n)
	for i := range data {
		data[i].Data = pixel
	}
	return jsonReply(http.StatusOK, struct {
		Created int64   `json:"created"`
		Data    []image `json:"data"`
	}{time.Now().Unix(), data})
}

// speechRequest asks for speech. What is said is silence, a quarter of a second for each
// word.
type speechRequest struct {
	Model  string `json:"model"`
	Input  string `json:"input"`
	Format string `json:"response_format"`
}

func parseSpeech(_ *Upstream, c call) (job, *refusal) {
	r := new(speechRequest)
	if fault := decode(c.body, r); fault != nil {
		return nil, fault
	}
	switch {
	case r.Model == "":
		return nil, badRequest("model", "model is missing; name one")
	case r.Input == "":
		return nil, badRequest("input", "input is missing; send the text to speak")
	case utf8.RuneCountInString(r.Input) > maxSpoken:
		return nil, badRequest("input", "input is longer than "+strconv.Itoa(maxSpoken)+" characters; send less")
	case r.Format != "" && r.Format != "mp3" && r.Format != "wav" && r.Format != "pcm":
		return nil, badRequest("response_format", "response_format must be mp3, wav or pcm")
	}
	return r, nil
}

func (r *speechRequest) streams() bool { return false }

// maxSpoken is the longest input in characters, which is OpenAI's
// (https://platform.openai.com/docs/api-reference/audio/createSpeech).
const maxSpoken = 4096

// samplesOfWord are those of a quarter of a second at 24,000 Hz, of two bytes each.
const samplesOfWord = 6000

func (r *speechRequest) reply(context.Context, *Upstream, ticket, switches) reply {
	words := max(1, countWords(r.Input))
	silence := make([]byte, 2*samplesOfWord*words)
	switch r.Format {
	case "wav":
		return newReply(http.StatusOK, "audio/wav", append(waveHead(len(silence)), silence...))
	case "pcm":
		return newReply(http.StatusOK, "audio/pcm", silence)
	}
	// Frames of MPEG-2 layer 3 at 24,000 Hz and 64 kbit/s: 24 ms in 192 bytes.
	frame := append([]byte{0xff, 0xf3, 0x84, 0xc4}, make([]byte, 188)...)
	return newReply(http.StatusOK, "audio/mpeg", bytes.Repeat(frame, 10*words))
}

// waveHead is the header of a WAVE file of one channel, 16 bits and 24,000 Hz.
func waveHead(size int) []byte {
	const rate = 24000
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(36+size))
	b = le.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = le.AppendUint16(le.AppendUint16(b, 1), 1)
	b = le.AppendUint32(le.AppendUint32(b, rate), 2*rate)
	b = le.AppendUint16(le.AppendUint16(b, 2), 16)
	return le.AppendUint32(append(b, "data"...), uint32(size))
}

// transcriptionRequest asks what a recording says, which is how long it is.
type transcriptionRequest struct {
	form   form
	format string
}

func parseTranscription(_ *Upstream, c call) (job, *refusal) {
	f, fault := readForm(c)
	if fault != nil {
		return nil, fault
	}
	r := &transcriptionRequest{form: f, format: f.fields["response_format"]}
	switch {
	case f.fields["model"] == "":
		return nil, badRequest("model", "model is missing; name one")
	case f.name == "":
		return nil, badRequest("file", "file is missing; send the recording")
	case r.format != "" && r.format != "json" && r.format != "text" && r.format != "verbose_json":
		return nil, badRequest("response_format", "response_format must be json, verbose_json or text")
	case f.fields["stream"] == "true":
		return nil, badRequest("stream", "transcripts are not streamed; leave it out")
	}
	return r, nil
}

func (r *transcriptionRequest) streams() bool { return false }

func (r *transcriptionRequest) reply(context.Context, *Upstream, ticket, switches) reply {
	text := "This is a simulated transcript of " + strconv.Itoa(len(r.form.content)) + " bytes."
	if r.format == "text" {
		return newReply(http.StatusOK, "text/plain; charset=utf-8", []byte(text+"\n"))
	}
	return jsonReply(http.StatusOK, struct {
		Text string `json:"text"`
	}{text})
}

// form is an upload: its fields, and its file.
type form struct {
	fields  map[string]string
	name    string // "": no file
	content []byte
}

// readForm reads a body that is multipart/form-data.
func readForm(c call) (form, *refusal) {
	f := form{fields: map[string]string{}}
	media, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return f, badRequest("", "the body is not multipart/form-data")
	}
	for parts := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return f, badRequest("", "the form ends too early, or is not well-formed")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return f, badRequest("", "the form ends too early, or is not well-formed")
		}
		if part.FormName() == "file" {
			f.name, f.content = part.FileName(), content
		} else {
			f.fields[part.FormName()] = string(content)
		}
	}
}
