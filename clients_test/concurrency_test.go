package clients_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"bifrost/schemas"
)

const (
	callers   = 100
	perCaller = 6
)

// crowd runs one function per caller at once and waits for all.
func crowd(call func(caller int)) {
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { call(i) })
	}
	all.Wait()
}

func TestHundredCallersOfOneSDKClientEachGetTheirOwnAnswers(t *testing.T) {
	site{}.sized(10, 20).each(t, func(t *testing.T, d *door) {
		crowd(func(caller int) {
			for i := range perCaller {
				word := fmt.Sprintf("caller-%d-%d", caller, i)
				text, err := askSomehow(t.Context(), d, word, i)
				if err != nil {
					t.Error(describe(err))
				} else if !strings.Contains(text, word) {
					t.Errorf("%s got %q", word, text)
				}
			}
		})
		if !d.ours() {
			return
		}
		stop(t, d.client)
		if s := d.stats(); s.Offered != callers*perCaller || s.Completed != s.Offered {
			t.Errorf("got %+v", s)
		}
	})
}

// askSomehow asks by a chat, a stream or an embedding in turn, and returns a text
// with the word in it.
func askSomehow(ctx context.Context, d *door, word string, turn int) (string, error) {
	switch turn % 3 {
	case 0:
		answer, err := d.sdk.Chat.Completions.New(ctx, d.ask(word))
		if err != nil {
			return "", err
		}
		return answer.Choices[0].Message.Content, nil
	case 1:
		chunks, err := read(d.sdk.Chat.Completions.NewStreaming(ctx, d.ask(word)))
		var text strings.Builder
		for _, c := range chunks {
			text.WriteString(c.Choices[0].Delta.Content)
		}
		return text.String(), err
	}
	// The model's name comes back.
	answer, err := d.sdk.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: d.model(word),
		Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String(word)}})
	if err != nil {
		return "", err
	}
	return answer.Model, nil
}

func TestHundredCallersInDropModeAreAnsweredOrRefusedAndCounted(t *testing.T) {
	site{}.ours().sized(2, 3).dropping().each(t, func(t *testing.T, d *door) {
		var answered, refused atomic.Uint64
		crowd(func(caller int) {
			for i := range perCaller {
				_, err := askSomehow(t.Context(), d, "caller", i)
				var e *openai.Error
				switch {
				case err == nil:
					answered.Add(1)
				case errors.As(err, &e) && e.StatusCode == 503 && e.Code == "queue_full":
					refused.Add(1)
				default:
					t.Error(describe(err))
				}
			}
		})
		stop(t, d.client)
		s := d.stats()
		if s.Completed != answered.Load() || s.Refused[schemas.ReasonQueueFull] != refused.Load() || s.Offered != callers*perCaller {
			t.Errorf("%d were answered and %d refused: %+v", answered.Load(), refused.Load(), s)
		}
	})
}

func TestHundredCallersOfWhomManyLeaveAreAllCounted(t *testing.T) {
	site{simulation: schemas.SimulationConfig{TokensPerSecond: 1000}}.ours().sized(4, 8).each(t, func(t *testing.T, d *door) {
		crowd(func(caller int) {
			random := rand.New(rand.NewPCG(7, uint64(caller)))
			for range perCaller / 2 {
				leave(t, d, random.IntN(12))
			}
		})
		stop(t, d.client) // checks the sum
		// Who left before they were heard of were not offered.
		if s := d.stats(); s.Offered > callers*perCaller/2 || s.Failed != 0 || s.Completed == 0 || s.Cancelled == 0 {
			t.Errorf("got %+v", s)
		}
	})
}

// leave reads a stream and cancels it after so many chunks, long before its end.
func leave(t *testing.T, d *door, after int) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	long := []option.RequestOption{simulate("tokens=2000")}
	if after > 8 { // to the end
		after, long = 1000, nil
	}
	stream := d.sdk.Chat.Completions.NewStreaming(ctx, d.ask("some of it"), long...)
	defer stream.Close()
	for range after {
		if !stream.Next() {
			break
		}
	}
	if after == 1000 && stream.Err() != nil {
		t.Error(describe(stream.Err()))
	}
}
