package clients_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3/option"
)

const oneChunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m",` +
	`"choices":[{"index":0,"delta":{"role":"assistant","content":"hel"},"finish_reason":null}]}` + "\n\n"

// hanging is a provider whose first call hangs, after a beginning, until its
// client has gone; every other call is answered.
type hanging struct {
	beginning     string
	arrived, gone chan struct{}
}

func newHanging(beginning string) *hanging {
	return &hanging{beginning: beginning, arrived: make(chan struct{}, 1), gone: make(chan struct{}, 1)}
}

func (h *hanging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Only with the body read does the server watch the connection.
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	select {
	case h.arrived <- struct{}{}:
	default:
		sendJSON(w, wholeChat)
		return
	}
	if h.beginning != "" {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, h.beginning)
		_ = http.NewResponseController(w).Flush()
	}
	<-r.Context().Done()
	h.gone <- struct{}{}
}

// over serves h, once.
func over(h *hanging) site {
	return site{upstream: func(*testing.T) http.Handler { return h }}
}

// checkFreed shows that the only worker is free, and what became of the call.
func checkFreed(t *testing.T, d *door) {
	t.Helper()
	d.chat(t, d.ask("next"))
	if !d.ours() {
		return
	}
	stop(t, d.client)
	if s := d.stats(); s.Cancelled != 1 || s.Completed != 1 || s.Failed != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestCancelBeforeTheHeadersReachesTheProviderAndFreesTheWorker(t *testing.T) {
	for _, entrance := range []entrance{transport, throughGW, direct} {
		h := newHanging("")
		s := over(h).sized(1, 1)
		s.entrances = append(s.entrances, entrance)
		s.each(t, func(t *testing.T, d *door) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := d.sdk.Chat.Completions.New(ctx, d.ask("never mind"), option.WithMaxRetries(2))
				failed <- err
			}()
			await(t, h.arrived, "the call, at the provider")
			h.arrived <- struct{}{} // the next call is answered
			cancel()
			if err := await(t, failed, "the end of the call"); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			await(t, h.gone, "the cancel, at the provider")
			checkFreed(t, d)
		})
	}
}

func TestCancelInMidStreamReachesTheProviderAndFreesTheWorker(t *testing.T) {
	for _, entrance := range []entrance{transport, throughGW, direct} {
		h := newHanging(oneChunk)
		s := over(h).sized(1, 1)
		s.entrances = append(s.entrances, entrance)
		s.each(t, func(t *testing.T, d *door) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stream := d.sdk.Chat.Completions.NewStreaming(ctx, d.ask("never mind"))
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
			cancel()
			if stream.Next() || !errors.Is(stream.Err(), context.Canceled) {
				t.Errorf("got %v", stream.Err())
			}
			await(t, h.gone, "the cancel, at the provider")
			checkFreed(t, d)
		})
	}
}

// The pipe and the worker both notice the end of the context; whichever is first,
// the SDK's caller can match it.
func TestCancelledStreamEndsWithItsContextsError(t *testing.T) {
	slow := site{}.sized(1, 1)
	slow.simulation.TokensPerSecond = 1
	slow.eachInFakeTime(t, func(t *testing.T, d *door) {
		for range 50 {
			ctx, cancel := context.WithCancel(t.Context())
			stream := d.sdk.Chat.Completions.NewStreaming(ctx, d.ask("never mind"))
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
			cancel()
			if stream.Next() || !errors.Is(stream.Err(), context.Canceled) {
				t.Fatalf("got %v", stream.Err())
			}
		}
	})
}

func TestClosingAStreamReachesTheProviderAndFreesTheWorker(t *testing.T) {
	for _, entrance := range []entrance{transport, throughGW, direct} {
		h := newHanging(oneChunk)
		s := over(h).sized(1, 1)
		s.entrances = append(s.entrances, entrance)
		s.each(t, func(t *testing.T, d *door) {
			stream := d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("enough"))
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
			_ = stream.Close()
			await(t, h.gone, "the cancel, at the provider")
			checkFreed(t, d)
		})
	}
}

func TestCancelledCallLeavesTheQueueAtOnceAndNeverReachesTheProvider(t *testing.T) {
	site{}.ours().sized(1, 2).eachInFakeTime(t, func(t *testing.T, d *door) {
		occupied(t, d, 2, 10*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := d.sdk.Chat.Completions.New(ctx, d.ask("queued"))
			failed <- err
		}()
		synctest.Wait()
		if s := d.stats(); s.Queued != 2 {
			t.Fatalf("%d are queued, want 2", s.Queued)
		}
		began := time.Now()
		cancel()
		synctest.Wait()
		if s := d.stats(); s.Queued != 1 || s.Cancelled != 1 || time.Since(began) != 0 {
			t.Errorf("after %v: %+v", time.Since(began), s)
		}
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRequestTimeoutOfTheSDKEndsTheCallInTime(t *testing.T) {
	site{}.sized(1, 1).eachInFakeTime(t, func(t *testing.T, d *door) {
		for name, call := range failingCalls {
			began := time.Now()
			err := call(t, d, simulate("stall"), option.WithRequestTimeout(1500*time.Millisecond), option.WithMaxRetries(2))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 1500*time.Millisecond {
				t.Errorf("%s: got %v after %v", name, err, time.Since(began))
			}
		}
		if d.ours() {
			synctest.Wait()
			if s := d.stats(); s.InHand != 0 || s.Cancelled != 3 {
				t.Errorf("got %+v", s)
			}
		}
	})
}

func TestRequestTimeoutOfTheSDKEndsAStreamInTime(t *testing.T) {
	slow := site{}.sized(1, 1)
	slow.simulation.TokensPerSecond = 1
	slow.eachInFakeTime(t, func(t *testing.T, d *door) {
		began := time.Now()
		chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("slow"), option.WithRequestTimeout(3500*time.Millisecond)))
		if !errors.Is(err, context.DeadlineExceeded) || len(chunks) != 4 || time.Since(began) != 3500*time.Millisecond {
			t.Errorf("got %d chunks and %v after %v", len(chunks), err, time.Since(began))
		}
		if d.ours() {
			synctest.Wait()
			if s := d.stats(); s.InHand != 0 || s.Cancelled != 1 {
				t.Errorf("got %+v", s)
			}
		}
	})
}

func TestTimeoutOfTheHTTPClientEndsTheCallInTime(t *testing.T) {
	s := site{entrances: []entrance{transport}}
	s.eachInFakeTime(t, func(t *testing.T, d *door) {
		sdk := newSDK(option.WithHTTPClient(&http.Client{Transport: d.client.Transport(d.provider), Timeout: 2 * time.Second}))
		began := time.Now()
		_, err := sdk.Chat.Completions.New(t.Context(), d.ask("slow"), simulate("stall"))
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(began) != 2*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}
