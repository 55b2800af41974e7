package clients_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

// streaming is a site whose provider answers with one stream.
func streaming(stream string) site {
	return serving(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, stream)
	})
}

const (
	helloChunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hello"},"finish_reason":null}]}` + "\n\n"
	stopChunk  = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	endMark    = "data: [DONE]\n\n"
)

// wireTo keeps what the SDK reads of an answer's body in b.
func wireTo(b *bytes.Buffer) option.RequestOption {
	return option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		resp, err := next(r)
		if err == nil {
			resp.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(resp.Body, b), resp.Body}
		}
		return resp, err
	})
}

func TestStreamWhoseLastEventLacksItsBlankLineIsReadToItsEnd(t *testing.T) {
	for name, sent := range map[string]string{
		"the last chunk": helloChunk + stopChunk[:len(stopChunk)-2],
		"the end mark":   helloChunk + stopChunk + endMark[:len(endMark)-2],
		"no end mark":    helloChunk + stopChunk,
	} {
		t.Run(name, func(t *testing.T) {
			streaming(sent).ours().each(t, func(t *testing.T, d *door) {
				var wire bytes.Buffer
				chunks := d.stream(t, d.ask("to the end"), wireTo(&wire))
				if len(chunks) != 2 || chunks[1].Choices[0].FinishReason != "stop" || wire.String() != helloChunk+stopChunk+endMark {
					t.Errorf("got %d chunks of %q", len(chunks), wire.String())
				}
				stop(t, d.client)
				if s := d.stats(); s.Completed != 1 {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

// The SDK ends a stream at any chunk that has an "error" member.
func TestStreamWhoseChunksSayThatThereIsNoErrorIsReadToItsEnd(t *testing.T) {
	for _, empty := range []string{`null`, `""`, `{}`, `false`} {
		t.Run(empty, func(t *testing.T) {
			chunks := strings.ReplaceAll(helloChunk+stopChunk, `{"id":"c1"`, `{"id":"c1","error":`+empty)
			streaming(chunks+endMark).each(t, func(t *testing.T, d *door) {
				got, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("no error")))
				if !d.ours() {
					if err == nil {
						t.Error("the control has read it all: the test is of no use")
					}
					return
				}
				if err != nil || len(got) != 2 || got[1].Choices[0].FinishReason != "stop" {
					t.Errorf("got %d chunks and %v", len(got), err)
				}
			})
		})
	}
}

// In events of the Responses API it is a part of every answer.
func TestResponsesAPIStreamKeepsItsNullErrors(t *testing.T) {
	events := strings.ReplaceAll(responseEvents, `{"id":"r1"}`, `{"id":"r1","error":null}`)
	streaming(events).ours().each(t, func(t *testing.T, d *door) {
		var wire bytes.Buffer
		stream := d.sdk.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{
			Model: d.model("m"), Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("text")}}, wireTo(&wire))
		for stream.Next() {
		}
		if err := stream.Err(); err != nil || wire.String() != events {
			t.Errorf("got %q and %v", wire.String(), err)
		}
	})
}

// A provider may count whether or not it was asked to; a client that did not ask
// may take the first choice of a chunk that has none.
func TestUsageChunkReachesOnlyTheSDKThatAskedForIt(t *testing.T) {
	const usage = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}` + "\n\n"
	streaming(helloChunk+stopChunk+usage+endMark).ours().each(t, func(t *testing.T, d *door) {
		p := d.ask("uncounted")
		for _, c := range d.stream(t, p) {
			_ = c.Choices[0] // as many clients do
		}
		p.StreamOptions.IncludeUsage = openai.Bool(true)
		if chunks := d.stream(t, p); len(chunks) != 3 || chunks[2].Usage.TotalTokens != 3 {
			t.Errorf("got %d chunks", len(chunks))
		}
	})
}
