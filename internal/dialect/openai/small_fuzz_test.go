package openai

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// smallOperations are those whose answers are read as JSON.
var smallOperations = []schemas.Operation{schemas.OperationCompletion, schemas.OperationRerank, schemas.OperationModeration, schemas.OperationImage}

func FuzzDecodeSmallAnswers(f *testing.F) {
	for _, c := range smallAnswers {
		f.Add(dialecttest.Golden(f, c.file))
	}
	f.Add(dialecttest.Golden(f, "error_429.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, op := range smallOperations {
			resp, err := Codec{}.Decode(&schemas.Request{Operation: op}, nil, data, "key")
			mustBeOurs(t, err)
			if err != nil {
				continue
			}
			if !resp.Answers(op) {
				t.Fatalf("%s: neither an answer nor an error", op)
			}
			if _, err := json.Marshal(resp); err != nil {
				t.Fatalf("%s: %v", op, err)
			}
		}
	})
}

func FuzzDecodeTranscription(f *testing.F) {
	f.Add("", "application/json", dialecttest.Golden(f, "transcription_response.json"))
	f.Add("verbose_json", "application/json", dialecttest.Golden(f, "transcription_response_verbose.json"))
	f.Add("srt", "text/plain; charset=utf-8", dialecttest.Golden(f, "transcription_response.srt"))
	f.Add("text", "application/json", dialecttest.Golden(f, "error_429.json"))
	f.Fuzz(func(t *testing.T, format, media string, data []byte) {
		req := &schemas.Request{Operation: schemas.OperationTranscription, Transcription: &schemas.TranscriptionRequest{ResponseFormat: format}}
		resp, err := Codec{}.Decode(req, http.Header{"Content-Type": {media}}, data, "key")
		mustBeOurs(t, err)
		if err == nil && !resp.Answers(req.Operation) {
			t.Fatal("neither an answer nor an error")
		}
		if err == nil {
			if _, err := json.Marshal(resp); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// No name or value of a caller's may add a field to the form, or end it.
func FuzzUpload(f *testing.F) {
	f.Add([]byte("RIFF"), "tide.wav", "tides", "timestamp_granularities[]", "word")
	f.Add([]byte("\r\n--bifrost-\r\n"), "a\".wav\r\nX: y", "\r\n--b--\r\n", "a\"\r\nX: y", "")
	f.Fuzz(func(t *testing.T, file []byte, filename, prompt, name, value string) {
		req := &schemas.Request{Operation: schemas.OperationTranscription, Model: "m", Transcription: &schemas.TranscriptionRequest{
			File: file, Filename: filename, Prompt: prompt, Extra: map[string]string{name: value}}}
		call, _, err := Codec{}.Encode(req)
		if err != nil {
			mustBeOurs(t, err)
			return
		}
		_, params, err := mime.ParseMediaType(call.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"model": "m", "file": string(file)}
		if prompt != "" {
			want["prompt"] = prompt
		}
		parts := len(want)
		switch name {
		case "model", "prompt", "file", "language", "response_format", "stream":
		default:
			if value != "" {
				parts++
			}
		}
		got := 0
		for form := multipart.NewReader(bytes.NewReader(call.Body), params["boundary"]); ; got++ {
			part, err := form.NextRawPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v: %q", err, call.Body)
			}
			content, err := io.ReadAll(part)
			if err != nil {
				t.Fatalf("%v: %q", err, call.Body)
			}
			if known, ok := want[part.FormName()]; ok && known != string(content) && part.FormName() != name {
				t.Fatalf("%s is %q in %q", part.FormName(), content, call.Body)
			}
			for header := range part.Header {
				if header != "Content-Disposition" && header != "Content-Type" {
					t.Fatalf("the form has a header of the caller's: %q", call.Body)
				}
			}
		}
		if got != parts {
			t.Fatalf("the form has %d parts, want %d: %q", got, parts, call.Body)
		}
	})
}

func FuzzStreamWatch(f *testing.F) {
	for _, name := range []string{"chat_stream.sse", "chat_stream_tools.sse", "chat_stream_openrouter_error.sse", "chat_stream_mistral_parts.sse"} {
		f.Add(PathChat, dialecttest.Golden(f, name))
	}
	f.Add(PathCompletions, []byte("data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"))
	f.Add(PathResponses, []byte("event: error\ndata: {\"type\":\"error\",\"message\":\"of sk-invented/1\"}\n\n"))
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		const key = "sk-invented/1"
		w := NewStreamWatch(path, StreamOptions{Key: key})
		events := wire.NewReader(bytes.NewReader(data))
		for {
			ev, err := events.Next()
			if err != nil {
				_, end := w.End(err)
				if end != io.EOF {
					mustBeOurs(t, end)
				}
				return
			}
			_, _, failure := w.See(ev)
			if failure != nil && (failure.Upstream != nil && bytes.Contains(failure.Upstream.Body, []byte(key)) || strings.Contains(failure.Error(), key)) {
				t.Fatalf("the key is in %v", failure)
			}
		}
	})
}
