package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// ledger is a hook that writes down what it is called with, and notices what is
// not balanced.
type ledger struct {
	name string

	mu     sync.Mutex // guards what follows
	open   map[*schemas.HookCall]bool
	begun  map[string]int // "request" and "attempt"
	ended  map[string]int // by verdict, with the same before it
	chunks int
	wrong  []string
	lines  []string
}

func newLedger(name string) *ledger {
	return &ledger{name: name, open: map[*schemas.HookCall]bool{}, begun: map[string]int{}, ended: map[string]int{}}
}

func level(c *schemas.HookCall) string {
	if c.Attempt > 0 {
		return "attempt"
	}
	return "request"
}

func (l *ledger) before(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[c] {
		l.wrong = append(l.wrong, "a call began twice")
	}
	l.open[c] = true
	l.begun[level(c)]++
	l.lines = append(l.lines, l.name+" before "+level(c))
	return nil, nil
}

func (l *ledger) after(_ context.Context, c *schemas.HookCall, resp *schemas.Response, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open[c] {
		l.wrong = append(l.wrong, "a call ended that had not begun, or for the second time")
	}
	if resp == nil && err == nil {
		l.wrong = append(l.wrong, "a call ended with neither an answer nor an error")
	}
	delete(l.open, c)
	l.ended[level(c)+" "+verdict(err)]++
	l.lines = append(l.lines, l.name+" after "+level(c)+" "+verdict(err))
}

func (l *ledger) hook() schemas.Hook {
	return schemas.Hook{BeforeRequest: l.before, AfterRequest: l.after, BeforeAttempt: l.before, AfterAttempt: l.after,
		Chunk: func(context.Context, *schemas.HookCall, *schemas.ChatChunk) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.chunks++
			return nil
		}}
}

// want checks that every Before had its After, and the counts.
func (l *ledger) want(t testing.TB, requests, attempts int, ended map[string]int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.wrong {
		t.Errorf("%s: %s", l.name, w)
	}
	if len(l.open) > 0 {
		t.Errorf("%s: %d have not ended", l.name, len(l.open))
	}
	if l.begun["request"] != requests || l.begun["attempt"] != attempts {
		t.Errorf("%s: began %v, want %d requests and %d attempts", l.name, l.begun, requests, attempts)
	}
	if ended != nil {
		wantTally(t, l.ended, ended)
	}
}

func withHooks(hooks ...schemas.Hook) setting { return withOption(bifrost.WithHooks(hooks...)) }

func TestPeersRow15ACancelStormHasOneAfterForEachBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, inner := newLedger("outer"), newLedger("inner")
		client := startClient(t, newProvider(oneOf(after(10*time.Millisecond), streaming(4, 5*time.Millisecond))), sizes(3, 20), withHooks(outer.hook(), inner.hook()))
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() {
				patience := time.Duration(i%97) * time.Millisecond
				if i%10 == 0 || i%10 == 3 {
					patience = time.Hour // whichever come first, some are served, or closed by their caller
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if i%2 == 0 {
					_ = ask(ctx, client)
					return
				}
				s, err := client.ChatCompletionStreamRequest(ctx, chat())
				if err == nil && i%3 == 0 {
					_ = s.Close()
				} else if err == nil {
					_, _ = readAll(s)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		for _, l := range []*ledger{outer, inner} {
			total := 0
			for what, n := range l.ended {
				if strings.HasPrefix(what, "request ") {
					total += n
				}
			}
			l.want(t, 300, l.begun["attempt"], nil)
			if total != 300 {
				t.Errorf("%s: %d ends of 300 requests: %v", l.name, total, l.ended)
			}
			if l.ended["request ok"] == 0 || l.ended["request timeout"] == 0 || l.ended["request canceled"] == 0 {
				t.Errorf("%s: the storm lacks a way to end: %v", l.name, l.ended)
			}
		}
		atRest(t, client)
	})
}

func TestPeersRow16DropsHaveTheirAfterToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger("one")
		client := startClient(t, newProvider(after(time.Second)), sizes(1, 1), dropExcess, withHooks(l.hook()))
		wantTally(t, crowdOf(t.Context(), client, 20).tally(), map[string]int{"ok": 2, "overloaded/queue_full": 18})
		l.want(t, 20, 2, map[string]int{"request ok": 2, "request overloaded/queue_full": 18, "attempt ok": 2})
	})
}

func TestAfterHooksRunInReverseOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, inner := newLedger("outer"), newLedger("inner")
		client := startClient(t, newProvider(atOnce), withHooks(outer.hook()), withHooks(sharing(outer, inner)))
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		want := []string{"outer before request", "inner before request", "outer before attempt", "inner before attempt",
			"inner after attempt ok", "outer after attempt ok", "inner after request ok", "outer after request ok"}
		if !slices.Equal(outer.lines, want) {
			t.Errorf("%q", outer.lines)
		}
	})
}

// sharing is the hook of inner, which writes into the lines of outer.
func sharing(outer, inner *ledger) schemas.Hook {
	note := func(what string) {
		outer.mu.Lock()
		defer outer.mu.Unlock()
		outer.lines = append(outer.lines, inner.name+" "+what)
	}
	before := func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
		note("before " + level(c))
		return nil, nil
	}
	after := func(_ context.Context, c *schemas.HookCall, _ *schemas.Response, err error) {
		note("after " + level(c) + " " + verdict(err))
	}
	return schemas.Hook{BeforeRequest: before, AfterRequest: after, BeforeAttempt: before, AfterAttempt: after}
}

func TestHookMaySettleARequestBeforeItIsOffered(t *testing.T) {
	refusal := &schemas.Error{Kind: schemas.KindRateLimited, Message: "over budget", RetryAfter: time.Minute}
	for name, c := range map[string]struct {
		settle func(context.Context, *schemas.HookCall) (*schemas.Response, error)
		want   string
	}{
		"with an error":             {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { return nil, refusal }, "rate_limited"},
		"with an answer":            {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { return answer("cached"), nil }, "ok"},
		"with an untyped error":     {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { return nil, io.EOF }, "internal"},
		"with another operation's":  {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { return &schemas.Response{}, nil }, "internal"},
		"with an answer beside err": {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { return answer("x"), refusal }, "rate_limited"},
		"with a panic":              {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { panic(prompt) }, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outer, unreached := newLedger("outer"), newLedger("unreached")
				p := newProvider(atOnce)
				ended := 0
				middle := schemas.Hook{BeforeRequest: c.settle, AfterRequest: func(context.Context, *schemas.HookCall, *schemas.Response, error) { ended++ }}
				client := startClient(t, p, withHooks(outer.hook(), middle, unreached.hook()))
				resp, err := client.ChatCompletionRequest(t.Context(), chat())
				if verdict(err) != c.want || err == nil && resp.Text() != "cached" {
					t.Errorf("%v, %v", resp, err)
				}
				if err != nil && strings.Contains(err.Error(), prompt) {
					t.Error("the error has the panic's value")
				}
				if p.Calls() != 0 || stats(client).Offered != 0 || ended != 1 {
					t.Errorf("%d calls, %d offered, %d ends", p.Calls(), stats(client).Offered, ended)
				}
				outer.want(t, 1, 0, map[string]int{"request " + c.want: 1})
				unreached.want(t, 0, 0, map[string]int{})
			})
		})
	}
}

func TestHookMaySettleAnAttemptInTheProvidersPlace(t *testing.T) {
	for name, c := range map[string]struct {
		settle func(context.Context, *schemas.HookCall) (*schemas.Response, error)
		want   string
	}{
		"with an error": {func(context.Context, *schemas.HookCall) (*schemas.Response, error) {
			return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429}
		}, "rate_limited"},
		"with an answer": {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { return answer("cached"), nil }, "ok"},
		"with a panic":   {func(context.Context, *schemas.HookCall) (*schemas.Response, error) { panic("p") }, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outer, p := newLedger("outer"), newProvider(atOnce)
				client := startClient(t, p, twoKeys, retries(3, time.Second), withHooks(outer.hook(), schemas.Hook{BeforeAttempt: c.settle}))
				if err := ask(t.Context(), client); verdict(err) != c.want {
					t.Errorf("%v", err)
				}
				s := stats(client)
				if p.Calls() != 0 || s.Retries != 0 || s.Panics != 0 || s.Admitted != 1 {
					t.Errorf("%d calls: %+v", p.Calls(), s)
				}
				for _, k := range s.Keys {
					if !k.RestingUntil.IsZero() {
						t.Errorf("key %s rests for what a hook said", k.Name)
					}
				}
				outer.want(t, 1, 1, map[string]int{"request " + c.want: 1, "attempt " + c.want: 1})
			})
		})
	}
}

func TestEachRetryIsAnAttemptOfItsOwnForHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger("one")
		client := startClient(t, newProvider(inOrder(refusing(schemas.KindUpstream, 500), refusing(schemas.KindRateLimited, 429), atOnce)),
			twoKeys, retries(2, time.Second), withHooks(l.hook()))
		if err := ask(t.Context(), client); err != nil {
			t.Error(err)
		}
		l.want(t, 1, 3, map[string]int{"request ok": 1, "attempt upstream": 1, "attempt rate_limited": 1, "attempt ok": 1})
	})
}

func TestAfterHooksRunWhenTheProviderPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger("one")
		broken := func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic("adapter") }
		client := startClient(t, newProvider(inOrder(broken, atOnce)), sizes(1, 1), withHooks(l.hook()))
		if err := ask(t.Context(), client); verdict(err) != "internal" {
			t.Errorf("%v", err)
		}
		if err := ask(t.Context(), client); err != nil {
			t.Errorf("the next one: %v", err)
		}
		l.want(t, 2, 2, map[string]int{"request internal": 1, "request ok": 1, "attempt internal": 1, "attempt ok": 1})
	})
}

func TestHookThatPanicsAfterwardsHurtsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := newLedger("outer")
		bad := func(context.Context, *schemas.HookCall, *schemas.Response, error) { panic("after") }
		client := startClient(t, newProvider(from(&source{next: failAt(3, io.EOF)})), sizes(1, 1),
			withHooks(outer.hook(), schemas.Hook{AfterRequest: bad, AfterAttempt: bad}))
		for range 3 {
			if err := ask(t.Context(), client); err != nil {
				t.Error(err)
			}
		}
		if _, err := readAll(stream(t.Context(), t, client)); err != io.EOF {
			t.Error(err)
		}
		synctest.Wait()
		if s := stats(client); s.Panics != 0 || s.Completed != 4 {
			t.Errorf("%+v", s)
		}
		outer.want(t, 4, 4, map[string]int{"request ok": 4, "attempt ok": 4})
	})
}

func TestHooksSeeEachChunkAndTheEndOfAStream(t *testing.T) {
	for name, c := range map[string]struct {
		source *source
		chunks int // 0: it is closed early
		ended  string
	}{
		"that ends":      {&source{next: failAt(6, io.EOF)}, 5, "ok"},
		"that breaks":    {&source{next: failAt(6, &schemas.Error{Kind: schemas.KindUpstream, Message: "broke"})}, 5, "upstream"},
		"that is closed": {&source{}, 0, "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger("one")
				client := startClient(t, newProvider(from(c.source)), sizes(1, 1), withHooks(l.hook()))
				s := stream(t.Context(), t, client)
				if c.chunks == 0 {
					l.mu.Lock()
					if len(l.open) != 2 {
						t.Errorf("the stream has not ended, and %d of its calls are open for the hook", len(l.open))
					}
					l.mu.Unlock()
					_ = s.Close()
				} else if n, err := readAll(s); n != c.chunks || verdictOf(err) != c.ended {
					t.Errorf("%d chunks, %v", n, err)
				}
				synctest.Wait()
				l.want(t, 1, 1, map[string]int{"request " + c.ended: 1, "attempt " + c.ended: 1})
				if c.chunks > 0 && l.chunks != c.chunks {
					t.Errorf("the hook saw %d chunks", l.chunks)
				}
				atRest(t, client)
			})
		})
	}
}

// verdictOf is verdict for the end of a stream.
func verdictOf(err error) string {
	if err == io.EOF {
		return "ok"
	}
	return verdict(err)
}

func TestHookMayBreakAStreamOff(t *testing.T) {
	for name, c := range map[string]struct {
		hook func(n int) error
		want string
	}{
		"with an error": {func(int) error {
			return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "not for these ears"}
		}, "invalid_request"},
		"with an untyped error": {func(int) error { return errors.New("x") }, "internal"},
		"with a panic":          {func(int) error { panic("x") }, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger("one")
				src := &source{}
				seen := 0
				breaking := schemas.Hook{Chunk: func(context.Context, *schemas.HookCall, *schemas.ChatChunk) error {
					if seen++; seen == 4 {
						return c.hook(seen)
					}
					return nil
				}}
				client := startClient(t, newProvider(from(src)), sizes(1, 1), withHooks(l.hook(), breaking))
				n, err := readAll(stream(t.Context(), t, client))
				if n != 3 || verdict(err) != c.want {
					t.Errorf("%d chunks, %v", n, err)
				}
				synctest.Wait()
				if s := stats(client); s.Failed != 1 || s.Panics != 0 || src.closed.Load() != 1 {
					t.Errorf("closed %d times: %+v", src.closed.Load(), s)
				}
				l.want(t, 1, 1, map[string]int{"request " + c.want: 1, "attempt " + c.want: 1})
				if err := ask(t.Context(), client); err != nil {
					t.Errorf("the next one: %v", err)
				}
			})
		})
	}
}

func TestHooksAreBalancedByEveryDoorThroughAShutdown(t *testing.T) {
	for _, hard := range []bool{false, true} {
		t.Run(fmt.Sprintf("hard=%v", hard), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger("one")
				client := startClient(t, newProvider(oneOf(after(10*time.Second), streaming(10, time.Second))), sizes(3, 3), withHooks(l.hook()))
				a := newAsker(t, client)
				callers := crowdOf(t.Context(), client, 9)
				synctest.Wait()
				for range 3 {
					a.ask(t, client, request())
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if hard {
					cancel()
				}
				_ = client.Shutdown(ctx)
				callers.wait()
				_ = ask(t.Context(), client) // draining
				synctest.Wait()
				l.want(t, 13, l.begun["attempt"], nil)
				if l.ended["request overloaded/draining"] == 0 {
					t.Errorf("%v", l.ended)
				}
			})
		})
	}
}

// oneOf answers a stream with one script and anything else with the other.
func oneOf(whole, stream script) script {
	return func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if a.Request.Operation == schemas.OperationChatStream {
			return stream(ctx, a)
		}
		return whole(ctx, a)
	}
}

func TestHookCallSaysWhoseAttemptItIsAndKeepsTheHooksState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		hook := schemas.Hook{
			BeforeAttempt: func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
				c.State = "of attempt " + fmt.Sprint(c.Attempt)
				return nil, nil
			},
			AfterAttempt: func(_ context.Context, c *schemas.HookCall, resp *schemas.Response, err error) {
				seen = append(seen, fmt.Sprintf("%s/%s %s %v", c.Provider, c.Request.Model, c.KeyName, c.State))
			},
			AfterRequest: func(_ context.Context, c *schemas.HookCall, resp *schemas.Response, err error) {
				seen = append(seen, fmt.Sprintf("%s %d %v", resp.KeyName, resp.Attempts, c.State))
			},
		}
		client := startClient(t, newProvider(atOnce), keys(schemas.Key{Name: "k", Value: "v"}), withHooks(hook))
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if want := []string{providerName + "/" + model + " k of attempt 1", "k 1 <nil>"}; !slices.Equal(seen, want) {
			t.Errorf("%q", seen)
		}
	})
}
