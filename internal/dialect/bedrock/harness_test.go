package bedrock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"bifrost/internal/dialect/bedrock"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	claude = "anthropic.claude-3-7-sonnet-20250219-v1:0"
	newest = "us.anthropic.claude-opus-4-7-v1:0"
)

// frame returns a frame of an event stream.
func frame(kind, name, payload string) []byte {
	m := eventstream.Message{Payload: []byte(payload)}
	m.Headers.Set(":message-type", eventstream.StringValue(kind))
	switch kind {
	case "error":
		m.Headers.Set(":error-code", eventstream.StringValue(name))
		m.Headers.Set(":error-message", eventstream.StringValue("words"))
	default:
		m.Headers.Set(":"+kind+"-type", eventstream.StringValue(name))
	}
	var out bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&out, m); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func event(name, payload string) []byte { return frame("event", name, payload) }

// streamOf returns the frames of a text of "name payload" lines.
func streamOf(text string) []byte {
	var out []byte
	for line := range strings.Lines(text) {
		name, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, event(name, payload)...)
	}
	return out
}

func chatOf(t testing.TB, text string) *schemas.ChatRequest {
	t.Helper()
	req, _, err := openai.DecodeChat([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// encode returns what is sent for a request in OpenAI's dialect, and what is dropped.
func encode(t testing.TB, model, text string) (sent string, dropped []string, err error) {
	t.Helper()
	call, dropped, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: schemas.OperationChat, Model: model, Chat: chatOf(t, text)})
	if err != nil {
		return "", nil, err
	}
	return string(call.Body), dropped, nil
}

// chunks reads a stream to its end.
func chunks(src io.Reader) ([]*schemas.ChatChunk, error) {
	req := &schemas.Request{Model: "m", Chat: &schemas.ChatRequest{}}
	s := bedrock.Codec{}.Stream(req, src, "sk-invented")
	var all []*schemas.ChatChunk
	for {
		c, err := s.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			if _, again := s.Next(); !errors.Is(again, err) {
				panic("another error after the first")
			}
			return all, err
		}
		all = append(all, c)
	}
}

// golden compares v with a file, which holds it as JSON.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/"+name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, name); string(got) != want {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
