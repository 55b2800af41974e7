package remote_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bifrost/remote"
	"bifrost/schemas"
)

// counted is an answer that tells its usage at its end, by either way to stream.
type counted struct {
	io.Reader
	schemas.ChunkReader
}

func (c *counted) Usage() *schemas.Usage {
	return &schemas.Usage{PromptTokens: 3, CompletionTokens: 4, TotalTokens: 7, PromptTokensDetails: &schemas.PromptTokensDetails{CachedTokens: 1}}
}

func (c *counted) Close() error {
	if c.ChunkReader != nil {
		return c.ChunkReader.Close()
	}
	return nil
}

func TestTheUsageOfAnAnswerThatStreamsTravelsWithItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		media string
	}{
		"in one message":  {"{}", "application/json"},
		"in pieces":       {strings.Repeat("x", 300<<10), "application/json"},
		"piece by piece":  {strings.Repeat("x", 300<<10), "text/event-stream"},
		"chunk by chunk":  {"", ""},
		"without content": {"", "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			var begun atomic.Int64
			there := owner(t, &scripted{script: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
				if c.media == "" {
					resp, err := chunks(3, "word ", &begun).script(ctx, a)
					resp.Stream = &counted{ChunkReader: resp.Stream}
					return resp, err
				}
				return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: http.Header{"Content-Type": {c.media}},
					Body: &counted{Reader: strings.NewReader(c.body)}}}, nil
			}}, schemas.ProviderConfig{})
			here := asker(t, remote.Config{}, there)
			ctx := within(t, 10*time.Second)
			var usage *schemas.Usage
			var served schemas.Served
			if c.media == "" {
				stream, err := here.client.ChatCompletionStreamRequest(ctx, hello("stream"))
				if err != nil {
					t.Fatal(err)
				}
				for _, err := range stream.All() {
					if err != nil {
						t.Fatal(err)
					}
				}
				usage, served = stream.Usage(), stream.Served()
			} else {
				resp, err := here.client.RawRequest(ctx, providerName, "m", &schemas.RawRequest{Method: http.MethodPost, Path: "/x"})
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Raw.Body)
				if err != nil || string(body) != c.body {
					t.Fatalf("%d bytes, %v", len(body), err)
				}
				usage, served = resp.Usage(), resp.Served
			}
			if usage == nil || usage.PromptTokens != 3 || usage.CompletionTokens != 4 || usage.PromptTokensDetails.CachedTokens != 1 {
				t.Errorf("usage %+v", usage)
			}
			if served.FirstContent <= 0 {
				t.Errorf("%+v", served)
			}
		})
	}
}

func TestAnAnswerSaysHowLongItsRequestWaitedThere(t *testing.T) {
	open := make(chan struct{})
	p := stuck(open)
	there := owner(t, p, schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, 10*time.Second)
	answers := make(chan *schemas.ChatResponse, 2)
	ask := func() {
		resp, err := here.client.ChatCompletionRequest(ctx, hello("wait"))
		if err != nil {
			t.Error(err)
		}
		answers <- resp
	}
	go ask() // ends with its answer
	eventually(t, "the worker is busy", func() bool { return p.open.Load() == 1 })
	go ask() // likewise
	eventually(t, "the other is queued", func() bool { return there.client.Stats().Providers[providerName].Queued == 1 })
	close(open)
	waited := 0
	for range 2 {
		if resp := <-answers; resp != nil && resp.Served.Waited > 0 {
			waited++
		}
	}
	if waited != 1 {
		t.Errorf("%d of the answers say that they waited", waited)
	}
}
