package clients_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3/packages/ssestream"

	"bifrost/schemas"
)

// A stream that breaks must not end as a whole one does.
func TestStreamThatBreaksInTheMiddleIsAnErrorInTheSDK(t *testing.T) {
	for _, fault := range []string{"reset=3", "cut=3", "stream-error=3", "reset=1", "cut=1", "stream-error=1", "cut=17", "reset=17"} {
		t.Run(fault, func(t *testing.T) {
			site{}.each(t, func(t *testing.T, d *door) {
				chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("once upon a time"), simulate(fault)))
				_, count, _ := strings.Cut(fault, "=")
				if want := map[string]int{"1": 1, "3": 3, "17": 17}[count]; len(chunks) != want {
					t.Errorf("got %d chunks, want %d", len(chunks), want)
				}
				if !d.ours() {
					if clean := strings.HasPrefix(fault, "cut"); clean != (err == nil) {
						t.Errorf("the control has read: %v", err)
					}
					return
				}
				if err == nil {
					t.Fatal("the stream has ended as if it were whole")
				}
				var event *ssestream.StreamError
				if inStream := d.entrance == throughGW || strings.HasPrefix(fault, "stream-error"); inStream != errors.As(err, &event) {
					t.Errorf("got %T: %v", err, err)
				}
				stop(t, d.client)
				if s := d.stats(); s.Failed != 1 || s.Completed != 0 || s.Cancelled != 0 {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

// The status waits for the first content, so that a fault before it can be told
// by one.
func TestStreamThatBreaksBeforeItsFirstContentHasAStatusOfItsOwn(t *testing.T) {
	for fault, status := range map[string]int{"reset": 502, "reset=0": 502, "cut=0": 502, "stream-error=0": 500} {
		t.Run(fault, func(t *testing.T) {
			site{}.ours().each(t, func(t *testing.T, d *door) {
				chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("once"), simulate(fault)))
				if e := refusalOf(t, err); e.StatusCode != status || e.Type != "server_error" || len(chunks) != 0 {
					t.Errorf("got %d chunks and %s", len(chunks), describe(e))
				}
			})
		})
	}
}

func TestStreamWithItsFinishReasonsIsWholeWithoutItsEndMark(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("the end"), simulate("cut=18")))
		if err != nil || len(chunks) != 18 {
			t.Errorf("got %d chunks and %v", len(chunks), err)
		}
	})
}

func TestErrorEventInAStreamHasTheProvidersWords(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		_, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("once"), simulate("stream-error=3")))
		var event *ssestream.StreamError
		if !errors.As(err, &event) || !strings.Contains(string(event.Event.Data), "simulated") || strings.Count(err.Error(), "message") != 1 {
			t.Errorf("got %T: %v", err, err)
		}
	})
}

// The SDK closes a stream at its error event, often before the worker has seen its
// end.
func TestErrorEventInAStreamIsTheProvidersFailureThoughTheSDKLeavesAtOnce(t *testing.T) {
	const streams = 50
	site{}.ours().each(t, func(t *testing.T, d *door) {
		for range streams {
			if _, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("once"), simulate("stream-error=3"))); err == nil {
				t.Fatal("no error")
			}
		}
		stop(t, d.client)
		if s := d.stats(); s.Failed != streams || s.Cancelled != 0 {
			t.Errorf("%d failed and %d cancelled, want %d and 0", s.Failed, s.Cancelled, streams)
		}
	})
}

func TestStreamThatStallsEndsAfterTheIdleTimeout(t *testing.T) {
	s := site{config: schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{ChunkIdleTimeout: 5 * time.Second}}}
	s.ours().sized(1, 1).eachInFakeTime(t, func(t *testing.T, d *door) {
		began := time.Now()
		chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("once"), simulate("stall=3")))
		if err == nil || len(chunks) != 3 || time.Since(began) != 5*time.Second {
			t.Errorf("got %d chunks and %v after %v", len(chunks), err, time.Since(began))
		}
		d.chat(t, d.ask("the worker is free"))
	})
}

func TestAnswerThatNeverComesIsATimeoutOfTheProvider(t *testing.T) {
	s := site{config: schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{FirstByteTimeout: 5 * time.Second}}}
	s.ours().sized(1, 1).eachInFakeTime(t, func(t *testing.T, d *door) {
		for name, call := range failingCalls {
			began := time.Now()
			e := refusalOf(t, call(t, d, simulate("stall")))
			if e.StatusCode != 504 || e.Type != "server_error" || e.Code != "timeout" || time.Since(began) != 5*time.Second {
				t.Errorf("%s: got %s after %v", name, describe(e), time.Since(began))
			}
		}
		d.chat(t, d.ask("the worker is free"))
	})
}
