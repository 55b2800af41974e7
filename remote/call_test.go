package remote_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bifrost/remote"
	"bifrost/schemas"
)

func TestAChatIsAnsweredByTheProviderOfAnotherNode(t *testing.T) {
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	answer, err := here.client.ChatCompletionRequest(within(t, 10*time.Second), hello("how are you"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Text() != "how are you" || answer.Served.Provider != providerName || answer.Served.Attempts != 1 {
		t.Errorf("got %q, served %+v", answer.Text(), answer.Served)
	}
	stats := here.client.Stats()
	if s := stats.Providers[providerName]; s.Offered != 1 || s.Completed != 1 || !s.Balanced() {
		t.Errorf("the asker counts %+v", s)
	}
	if len(stats.Peers) != 1 || stats.Peers[0].State != schemas.PeerUp || stats.Peers[0].Calls != 1 {
		t.Errorf("the asker's peers are %+v", stats.Peers)
	}
}

func TestALongRequestAndALongAnswerTravelInPieces(t *testing.T) {
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	text := strings.Repeat("0123456789abcdef", 300_000) // 4.8 MB
	answer, err := here.client.ChatCompletionRequest(within(t, 20*time.Second), hello(text))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Text() != text {
		t.Errorf("got %d bytes of %d back", len(answer.Text()), len(text))
	}
}

func TestAStreamTravelsChunkByChunk(t *testing.T) {
	var begun atomic.Int64
	there := owner(t, chunks(100, "word ", &begun), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	stream, err := here.client.ChatCompletionStreamRequest(within(t, 10*time.Second), hello("stream"))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for chunk, err := range stream.All() {
		if err != nil {
			t.Fatal(err)
		}
		text += chunk.Text()
	}
	if text != strings.Repeat("word ", 100) {
		t.Errorf("got %d bytes", len(text))
	}
	eventually(t, "the call is counted", func() bool { return here.client.Stats().Providers[providerName].Completed == 1 })
}

func TestTheEndOfAContextReachesTheProviderOnAnotherNode(t *testing.T) {
	p := stuck(nil)
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	ctx, cancel := context.WithCancel(context.Background())
	answered := make(chan error, 1)
	go func() {
		_, err := here.client.ChatCompletionRequest(ctx, hello("wait"))
		answered <- err
	}()
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	cancel()
	if err := <-answered; kindOf(err) != schemas.KindCanceled {
		t.Errorf("got %v", err)
	}
	eventually(t, "the provider's call is cancelled", func() bool { return p.open.Load() == 0 })
}
