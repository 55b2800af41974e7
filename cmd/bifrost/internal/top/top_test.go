package top_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"bifrost/admin"
	"bifrost/cmd/bifrost/internal/top"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func state() admin.State {
	back := began.Add(102 * time.Second)
	return admin.State{At: began.Add(90 * time.Second), Started: began, Ready: true, Config: admin.ConfigVersion{Number: 2, Digest: "0123456789ab"},
		Providers: []admin.ProviderView{
			{Name: "steady", State: "ready", Concurrency: 10, BufferSize: 100, Queued: 51, Waiting: 3, InHand: 10, RequestsPerSecond: 12.34,
				Latency: admin.PercentilesView{P95: 1250}, OutputTokensPerSecond: 480, Refused: map[string]uint64{"queue_full": 7, "queue_timeout": 2},
				Keys: []admin.KeyView{{Name: "main", RestingUntil: &back}}},
			{Name: "a-provider-with-a-long-name", State: "degraded", Concurrency: 2, BufferSize: 5},
			{Name: "far", State: "ready", Remote: true},
		},
		DeadLetters: []admin.LetterCount{{Reason: "queue_full", Count: 7}, {Reason: "queue_timeout", Count: 2}, {Reason: "draining"}}}
}

func TestTheTableFitsEightyColumns(t *testing.T) {
	const want = `bifrost ready, up 1m30s; configuration 2 (0123456789ab); full: wait

PROVIDER       MAILBOX                 WAIT    BUSY  REQ/S    P95  TOK/S REFUSED
steady         [######....]    51/100     3   10/10   12.3   1.2s    480       9
  1 of 1 keys rest; the first, main, is back in 12 s
a-provider-wi… [..........]       0/5     0     0/2      0      -      0       0
  is degraded
far            (other node)                              0      -      0       0

dead letters: queue_full 7, queue_timeout 2`
	if got := strings.Join(top.Render(state(), top.Width, 0), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNoLineIsWiderThanTheTerminalAndNoScreenLonger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := state()
		for i := range s.Providers {
			p := &s.Providers[i]
			p.Queued, p.BufferSize = rapid.IntRange(0, 2e6).Draw(rt, "queued"), rapid.IntRange(0, 1e6).Draw(rt, "buffer")
			p.RequestsPerSecond = rapid.Float64Range(0, 1e7).Draw(rt, "rate")
			p.Latency.P95 = rapid.Float64Range(0, 1e7).Draw(rt, "p95")
			p.Name = rapid.StringMatching(`[a-zé]{1,40}`).Draw(rt, "name")
		}
		s.Config.Failed = rapid.SampledFrom([]string{"", "one\ntwo", strings.Repeat("long ", 50)}).Draw(rt, "failed")
		columns, lines := rapid.IntRange(0, 200).Draw(rt, "columns"), rapid.IntRange(1, 30).Draw(rt, "lines")
		got := top.Render(s, columns, lines)
		if len(got) > lines {
			rt.Errorf("%d lines on %d", len(got), lines)
		}
		for _, line := range got {
			if n := utf8.RuneCountInString(line); n > max(columns, 1) {
				rt.Errorf("%d columns on %d: %q", n, columns, line)
			}
		}
	})
}

// screen notes what is written.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestTheScreenIsDrawnAnewEachIntervalUntilQIsTyped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, out, keys := 0, &screen{}, make(chan byte)
		ended := make(chan error, 1)
		go func() {
			ended <- top.Run(t.Context(), top.Options{Interval: time.Second, Keys: keys, Out: out,
				Size: func() (int, int) { return 80, 24 },
				State: func(context.Context) (admin.State, error) {
					asked++
					if asked == 3 {
						return admin.State{}, errors.New("nobody answers")
					}
					return state(), nil
				}})
		}()
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		if asked != 3 || !strings.Contains(out.String(), "steady") || !strings.HasSuffix(out.String(), "q quits\x1b[K\r\n\x1b[J") {
			t.Errorf("asked %d times: %q", asked, out.String())
		}
		if !strings.Contains(out.String(), "nobody answers") {
			t.Error("a failure is not shown")
		}
		keys <- 'x'
		keys <- 'q'
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := out.String(); !strings.HasPrefix(got, "\x1b[?1049h") || !strings.HasSuffix(got, "\x1b[?1049l") {
			t.Errorf("the screen is not given back: %q", got)
		}
	})
}

func TestAStateThatDoesNotComeKeepsNobodyFromQuitting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, ended := make(chan byte), make(chan error, 1)
		go func() {
			ended <- top.Run(t.Context(), top.Options{Interval: time.Second, Keys: keys, Out: &screen{}, Size: func() (int, int) { return 80, 24 },
				State: func(ctx context.Context) (admin.State, error) { <-ctx.Done(); return admin.State{}, ctx.Err() }})
		}()
		time.Sleep(time.Minute)
		keys <- 3 // Ctrl-C
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
