package clients_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"bifrost/schemas"
)

func TestStreamAccumulatesToTheAnswerInOnePiece(t *testing.T) {
	for _, choices := range []int64{1, 3} {
		site{}.each(t, func(t *testing.T, d *door) {
			p := d.ask("the same either way")
			p.N = openai.Int(choices)
			whole := d.chat(t, p)
			chunks := d.stream(t, p)
			// For each choice: the role, 16 tokens and the finish reason.
			if want := int(choices) * 18; len(chunks) != want {
				t.Errorf("got %d chunks, want %d", len(chunks), want)
			}
			got := accumulate(t, chunks)
			if got.Model != "sim-small" || !strings.HasPrefix(got.ID, "chatcmpl-sim-") || len(got.Choices) != int(choices) {
				t.Fatalf("got %+v", got)
			}
			for i, c := range got.Choices {
				want := whole.Choices[i]
				if c.Message.Content != want.Message.Content || c.FinishReason != "stop" || c.Message.Role != "assistant" {
					t.Errorf("choice %d: got %+v, want %s", i, c, want.RawJSON())
				}
			}
		})
	}
}

func TestStreamHasUsageInALastChunkOnlyIfAsked(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		p := d.ask("count this")
		for _, c := range d.stream(t, p) {
			if c.JSON.Usage.Valid() || len(c.Choices) != 1 {
				t.Fatalf("nobody asked for %s", c.RawJSON())
			}
		}
		p.StreamOptions.IncludeUsage = openai.Bool(true)
		chunks := d.stream(t, p)
		last := chunks[len(chunks)-1]
		if len(last.Choices) != 0 || last.Usage.TotalTokens != 18 || !last.JSON.Choices.Valid() {
			t.Errorf("the last chunk is %s", last.RawJSON())
		}
		if u := accumulate(t, chunks).Usage; u.PromptTokens != 2 || u.CompletionTokens != 16 || u.TotalTokens != 18 {
			t.Errorf("accumulated to %+v", u)
		}
	})
}

func TestStreamIsSentAsAStream(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		var resp *http.Response
		d.stream(t, d.ask("headers"), option.WithResponseInto(&resp))
		if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("Content-Type is %q", got)
		}
		if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("got headers %v", resp.Header)
		}
	})
}

// TestEachChunkArrivesWhenTheProviderSendsIt would see any buffer on the way.
func TestEachChunkArrivesWhenTheProviderSendsIt(t *testing.T) {
	var want []time.Duration // token k is due k+1 seconds after the headers
	for second := range 17 {
		want = append(want, time.Duration(second)*time.Second)
	}
	want = append(want, 16*time.Second) // the finish reason
	site{simulation: schemas.SimulationConfig{TokensPerSecond: 1}}.eachInFakeTime(t, func(t *testing.T, d *door) {
		var got []time.Duration
		began := time.Now()
		stream := d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("tick"))
		for stream.Next() {
			got = append(got, time.Since(began))
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("chunks came after %v, want %v", got, want)
		}
	})
}

func TestClosingAStreamEarlyCancelsItAndFreesTheWorkerAtOnce(t *testing.T) {
	slow := site{simulation: schemas.SimulationConfig{TokensPerSecond: 1}}
	slow.ours().sized(1, 1).eachInFakeTime(t, func(t *testing.T, d *door) {
		stream := d.sdk.Chat.Completions.NewStreaming(t.Context(), d.ask("never mind"))
		for range 3 {
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
		}
		if s := d.stats(); s.InHand != 1 {
			t.Fatalf("%d in hand while the stream is open", s.InHand)
		}
		closed := time.Now()
		if err := stream.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := d.stats(); s.InHand != 0 || s.Cancelled != 1 || s.Failed != 0 {
			t.Errorf("after the close: %+v", s)
		}
		if waited := time.Since(closed); waited != 0 {
			t.Errorf("it took %v", waited)
		}
	})
}

// The SDK closes a stream at its end mark, before its last byte: that must not
// look as if it had given up.
func TestStreamsThatWereReadToTheirEndMarkAreCompleted(t *testing.T) {
	const streams = 100
	site{}.ours().each(t, func(t *testing.T, d *door) {
		for range streams {
			d.stream(t, d.ask("to the end"))
		}
		stop(t, d.client)
		if s := d.stats(); s.Completed != streams || s.Cancelled != 0 {
			t.Errorf("%d completed, %d cancelled, want %d and 0", s.Completed, s.Cancelled, streams)
		}
	})
}
