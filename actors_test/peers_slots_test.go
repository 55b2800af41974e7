package actors_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: who holds a worker, and for how long.

func TestPeersRow01AtMostOneOfTwentyStreamsIsOpenAtAConcurrencyOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(streaming(4, 500*time.Millisecond))
		client := startClient(t, p, sizes(1, 20))
		var readers sync.WaitGroup
		began := time.Now()
		for range 20 {
			readers.Go(func() {
				stream, err := client.ChatCompletionStreamRequest(t.Context(), chat())
				if err != nil {
					t.Errorf("stream: %v", err)
					return
				}
				chunks := 0
				for _, err := range stream.All() {
					if err != nil {
						t.Errorf("stream: %v", err)
					}
					chunks++
				}
				if chunks != 4 {
					t.Errorf("%d chunks, want 4", chunks)
				}
			})
		}
		readers.Wait()
		if p.Peak() != 1 || p.Calls() != 20 || time.Since(began) != 40*time.Second {
			t.Errorf("%d open at once, %d calls, %v; want 1, 20, 40s", p.Peak(), p.Calls(), time.Since(began))
		}
		atRest(t, client)
	})
}

func TestPeersRow02ACancelledCallerGivesItsWorkerToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(3 * time.Second))
		client := startClient(t, p, sizes(1, 1))
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a := crowdOf(ctx, client, 1)
		synctest.Wait()
		b := crowdOf(t.Context(), client, 1)
		time.AfterFunc(100*time.Millisecond, cancel)
		wantTally(t, a.tally(), map[string]int{"canceled": 1})
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("A returned after %v", took)
		}
		wantTally(t, b.tally(), map[string]int{"ok": 1})
		if took := time.Since(began); took > 3200*time.Millisecond {
			t.Errorf("B is done after %v, want 3.2s at most", took)
		}
		atRest(t, client)
	})
}

func TestPeersRow03OfSixCallersWithAShortDeadlineTheUpstreamSeesOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(300 * time.Millisecond))
		client := startClient(t, p, sizes(1, 10))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		callers := crowdOf(ctx, client, 6)
		for _, o := range callers.wait() {
			if verdict(o.err) != "timeout" || o.took != 50*time.Millisecond {
				t.Errorf("answered with %v after %v", o.err, o.took)
			}
		}
		time.Sleep(10 * time.Second)
		if p.Calls() != 1 {
			t.Errorf("the upstream saw %d calls, want 1", p.Calls())
		}
		atRest(t, client)
	})
}

func TestPeersRow19ABackoffGivesItsWorkerBackAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(refusing(schemas.KindUpstream, 503), after(time.Second)))
		client := startClient(t, p, sizes(1, 1), retries(5, 5*time.Second))
		a := newLeaver(t, client) // in its backoff of 5 s
		if s := stats(client); s.BackingOff != 1 || s.InHand != 0 {
			t.Fatalf("%d backing off, %d in hand; want 1, 0", s.BackingOff, s.InHand)
		}
		b := crowdOf(t.Context(), client, 1)
		wantTally(t, b.tally(), map[string]int{"ok": 1})
		if took := b.wait()[0].took; took != time.Second {
			t.Errorf("B took %v beside a backoff, want the provider's 1s", took)
		}
		time.Sleep(time.Second)
		a.goes(t, false)
		c := crowdOf(t.Context(), client, 1)
		wantTally(t, c.tally(), map[string]int{"ok": 1})
		if took := c.wait()[0].took; took > time.Second+50*time.Millisecond {
			t.Errorf("C took %v after the cancel, want 1s and 50 ms at most", took)
		}
		if p.Calls() != 3 {
			t.Errorf("the provider saw %d calls, want 3", p.Calls())
		}
		atRest(t, client)
	})
}

// silentServer accepts connections and reads their requests, and never answers.
// Each request's path is sent on arrived.
func silentServer(t *testing.T) (baseURL string, arrived <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	paths := make(chan string, 16)
	var serving sync.WaitGroup
	serving.Go(func() { // ends when the listener is closed
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { // ends when the client closes the connection
				defer conn.Close()
				in := bufio.NewReader(conn)
				if req, err := http.ReadRequest(in); err == nil {
					paths <- req.URL.Path
				}
				_, _ = io.Copy(io.Discard, in)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return "http://" + listener.Addr().String(), paths
}

func TestPeersRow20AnUpstreamThatIsSilentAfterAcceptHoldsNobodyPastTheDeadline(t *testing.T) {
	checkGoroutines(t)
	baseURL, arrived := silentServer(t)
	client := start(t, schemas.BifrostConfig{Account: schemas.StaticAccount{"openai": {
		Keys: []schemas.Key{{Value: "sk-test"}},
		Config: schemas.ProviderConfig{
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1},
			NetworkConfig:            schemas.NetworkConfig{BaseURL: baseURL},
		},
	}}})
	req := chat()
	req.Provider = "openai"
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := client.ChatCompletionStreamRequest(ctx, req)
	if took := time.Since(began); verdict(err) != "timeout" || took > 2*time.Second {
		t.Errorf("answered with %v after %v, want a timeout after 200ms", err, took)
	}
	if path := <-arrived; path != "/v1/chat/completions" {
		t.Errorf("the upstream saw %s", path)
	}
	// The slot is free if the next request reaches the upstream.
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() { // ends when the second request has arrived, or its time is over
		select {
		case <-arrived:
			cancel()
		case <-ctx.Done():
		}
	}()
	if _, err := client.ChatCompletionStreamRequest(ctx, req); verdict(err) != "canceled" {
		t.Errorf("the second request did not reach the upstream: %v", err)
	}
	shutdown(t, client)
	atRest(t, client)
	if s := client.Stats().Providers["openai"]; s.Cancelled != 2 {
		t.Errorf("cancelled %d, want 2", s.Cancelled)
	}
}
