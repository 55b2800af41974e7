package actors_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/schemas"
)

// attempts notes when each call of a provider came, and with what.
type attempts struct {
	mu   sync.Mutex // guards what follows
	at   []time.Time
	what []string
}

// noting runs s and notes each call: the key's name, the text of the request and
// the attempt's number.
func (l *attempts) noting(s script) script {
	return func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		l.mu.Lock()
		l.at = append(l.at, time.Now())
		l.what = append(l.what, fmt.Sprintf("%s%s#%d", a.Key.Name, a.Request.Chat.Messages[0].Content.PlainText(), a.Number))
		l.mu.Unlock()
		return s(ctx, a)
	}
}

// gaps are the times between the calls.
func (l *attempts) gaps() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []time.Duration
	for i := 1; i < len(l.at); i++ {
		out = append(out, l.at[i].Sub(l.at[i-1]))
	}
	return out
}

// limitedFor is a 429 or 503 that names a delay.
func limitedFor(kind schemas.ErrorKind, status int, delay time.Duration) script {
	return func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		return nil, &schemas.Error{Kind: kind, StatusCode: status, RetryAfter: delay}
	}
}

// about reports whether d is want with 20 % of jitter.
func about(d, want time.Duration) bool { return d >= want*8/10 && d <= want*12/10 }

var twoKeys = keys(schemas.Key{Name: "one", Value: "v1"}, schemas.Key{Name: "two", Value: "v2"})

func TestBackoffGivesItsWorkerBackAndIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(inOrder(refusing(schemas.KindUpstream, 500), atOnce)), sizes(1, 2), retries(1, 5*time.Second))
		a := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		if s := stats(client); s.BackingOff != 1 || s.InHand != 0 || s.Retries != 1 {
			t.Errorf("in backoff: %+v", s)
		}
		began := time.Now()
		if err := ask(t.Context(), client); err != nil || time.Since(began) != 0 {
			t.Errorf("the next caller: %v after %v", err, time.Since(began))
		}
		wantTally(t, a.tally(), map[string]int{"ok": 1})
		if took := a.outcomes[0].took; !about(took, 5*time.Second) {
			t.Errorf("the retry took %v", took)
		}
		atRest(t, client)
	})
}

func TestRetryThatIsDueGoesAheadOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &attempts{}
		slow := after(3 * time.Second)
		client := startClient(t, newProvider(log.noting(inOrder(refusing(schemas.KindUpstream, 500), slow))), sizes(1, 5), retries(1, time.Second))
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d"} {
			wg.Go(func() {
				if _, err := client.ChatCompletionRequest(t.Context(), saying(name)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // in this order
		}
		wg.Wait()
		if got := fmt.Sprint(log.what); got != "[a#1 b#1 a#2 c#1 d#1]" {
			t.Errorf("served in the order %s", got)
		}
	})
}

func TestWhatBacksOffCountsAgainstTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(inOrder(refusing(schemas.KindUpstream, 500), after(time.Second))), sizes(1, 1), dropExcess, retries(1, 10*time.Second))
		callers := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		callers.join(t.Context(), client, 1)
		synctest.Wait()
		if letter := deadLetterOf(t, ask(t.Context(), client)); letter.Reason != schemas.ReasonQueueFull {
			t.Errorf("%+v", letter)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 2})
	})
}

func TestRetriesBackOffDoublingToTheMostAndAreLimitedInNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &attempts{}
		client := startClient(t, newProvider(log.noting(refusing(schemas.KindUpstream, 503))), sizes(1, 1), retries(6, time.Second),
			with(func(c *schemas.ProviderConfig) { c.NetworkConfig.RetryBackoffMax = 6 * time.Second }))
		err := errorOf(t, ask(t.Context(), client))
		if err.Kind != schemas.KindUpstream || err.StatusCode != 503 {
			t.Errorf("%v", err)
		}
		want := []time.Duration{1, 2, 4, 6, 6, 6}
		gaps := log.gaps()
		if len(gaps) != len(want) {
			t.Fatalf("%d retries: %v", len(gaps), gaps)
		}
		for i, gap := range gaps {
			if !about(gap, want[i]*time.Second) {
				t.Errorf("retry %d came after %v, want about %vs", i+1, gap, int(want[i]))
			}
		}
		if s := stats(client); s.Retries != 6 || s.Admitted != 1 || s.Failed != 1 {
			t.Errorf("%+v", s)
		}
		atRest(t, client)
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for name, c := range map[string]struct {
		script  script
		changes []setting
	}{
		"503":                 {limitedFor(schemas.KindUpstream, 503, 7*time.Second), nil},
		"429 without keys":    {limitedFor(schemas.KindRateLimited, 429, 7*time.Second), nil},
		"429 of the only key": {limitedFor(schemas.KindRateLimited, 429, 7*time.Second), []setting{keys(schemas.Key{Name: "one", Value: "v1"})}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &attempts{}
				client := startClient(t, newProvider(log.noting(inOrder(c.script, atOnce))), append(c.changes, retries(1, time.Second))...)
				if err := ask(t.Context(), client); err != nil {
					t.Error(err)
				}
				if gaps := log.gaps(); len(gaps) != 1 || gaps[0] < 7*time.Second || gaps[0] > 8500*time.Millisecond {
					t.Errorf("%v", gaps)
				}
			})
		})
	}
}

func TestRetryAfterThatIsTooLongIsTheCallersAffair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(limitedFor(schemas.KindRateLimited, 429, time.Hour))
		client := startClient(t, p, retries(5, time.Second))
		began := time.Now()
		err := errorOf(t, ask(t.Context(), client))
		if err.Kind != schemas.KindRateLimited || err.RetryAfter != time.Hour || p.Calls() != 1 || time.Since(began) != 0 {
			t.Errorf("%v, %d calls, after %v", err, p.Calls(), time.Since(began))
		}
	})
}

func TestLimitWithoutADelayOnTheOnlyKeyIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := refusing(schemas.KindRateLimited, 429)
		p := newProvider(inOrder(limit, limit, atOnce))
		client := startClient(t, p, keys(schemas.Key{Name: "one", Value: "v1"}), retries(2, 100*time.Millisecond))
		if err := ask(t.Context(), client); err != nil || p.Calls() != 3 {
			t.Errorf("%v after %d calls", err, p.Calls())
		}
	})
}

func TestAnotherKeyIsTriedAtOnceWhenOneIsRefusedOrLimited(t *testing.T) {
	for status, kind := range map[int]schemas.ErrorKind{401: schemas.KindUnauthorized, 402: schemas.KindUnauthorized,
		403: schemas.KindUnauthorized, 429: schemas.KindRateLimited} {
		synctest.Test(t, func(t *testing.T) {
			log := &attempts{}
			p := newProvider(log.noting(inOrder(refusing(kind, status), atOnce)))
			client := startClient(t, p, twoKeys, retries(1, time.Hour))
			began := time.Now()
			resp, err := client.ChatCompletionRequest(t.Context(), saying(""))
			if err != nil || resp.Text() != "ok" || time.Since(began) != 0 {
				t.Errorf("%d: %v after %v", status, err, time.Since(began))
			}
			if got := fmt.Sprint(log.what); got != "[one#1 two#2]" && got != "[two#1 one#2]" {
				t.Errorf("%d: keys used: %s", status, got)
			}
		})
	}
}

func TestOnlyKeyThatWasRefusedOrHasSpentItsQuotaIsNotRetried(t *testing.T) {
	spent := func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, QuotaSpent: true}
	}
	for name, refuses := range map[string]script{"401": refusing(schemas.KindUnauthorized, 401), "403": refusing(schemas.KindUnauthorized, 403), "quota": spent} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider(refuses)
				client := startClient(t, p, sizes(1, 1), retries(2, time.Second), keys(schemas.Key{Value: "v"}))
				began := time.Now()
				err := errorOf(t, ask(t.Context(), client))
				if err.StatusCode == 0 || time.Since(began) != 0 || p.Calls() != 1 {
					t.Errorf("%v after %v and %d calls", err, time.Since(began), p.Calls())
				}
				atRest(t, client)
			})
		})
	}
}

func TestRefusalWithoutAnyKeyIsNotRetriedAndALongBackoffIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(refusing(schemas.KindUnauthorized, 401))
		client := startClient(t, p, sizes(1, 1), retries(2, time.Second))
		if err := errorOf(t, ask(t.Context(), client)); err.StatusCode != 401 || p.Calls() != 1 {
			t.Errorf("%v after %d calls", err, p.Calls())
		}
		atRest(t, client)
	})
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(refusing(schemas.KindUpstream, 500), atOnce))
		client := startClient(t, p, sizes(1, 1), retries(1, 5*time.Minute))
		began := time.Now()
		if err := ask(t.Context(), client); err != nil || !about(time.Since(began), 5*time.Minute) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		atRest(t, client)
	})
}

func TestRefusedKeyIsLoggedByItsNameOnceWhileItRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		client := startClient(t, newProvider(refusing(schemas.KindUnauthorized, 401)), sizes(1, 1),
			keys(schemas.Key{Name: "spare", Value: "SECRET-1701"}), withOption(bifrost.WithLogger(zerolog.New(&log).Level(zerolog.WarnLevel))))
		for range 3 {
			_ = ask(t.Context(), client)
		}
		synctest.Wait()
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"key":"spare","status":401`) || strings.Contains(text, "SECRET") {
			t.Errorf("logged %s", text)
		}
		atRest(t, client)
	})
}

func TestKeyThatHasSpentItsQuotaRestsAsARefusedOneDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Key.Value == "spent" {
				return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, QuotaSpent: true}
			}
			return answer("hello"), nil
		})
		client := startClient(t, p, sizes(1, 1), keys(schemas.Key{Value: "spent", Weight: 1000}, schemas.Key{Value: "good", Weight: 0.001}))
		failed := 0
		for range 20 { // one a second
			if err := ask(t.Context(), client); err != nil {
				failed++
			}
			time.Sleep(time.Second)
		}
		if failed > 1 {
			t.Errorf("%d callers met the spent key within 20 s", failed)
		}
	})
}

func TestKeyThatWasRefusedRestsForTheNextRequestsToo(t *testing.T) {
	for _, c := range []struct {
		fault script
		rest  time.Duration
	}{
		{refusing(schemas.KindUnauthorized, 401), 30 * time.Second},
		{limitedFor(schemas.KindRateLimited, 429, 9*time.Second), 9 * time.Second},
		{refusing(schemas.KindRateLimited, 429), time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			bad := "" // the key that failed
			var mu sync.Mutex
			used := map[string]int{}
			client := startClient(t, newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				used[a.Key.Name]++
				if bad == "" {
					bad = a.Key.Name
					return c.fault(ctx, a)
				}
				return answer("ok"), nil
			}), twoKeys)
			_ = ask(t.Context(), client)
			for range 50 {
				_ = ask(t.Context(), client)
			}
			if used[bad] != 1 {
				t.Errorf("a key that rests was used: %v", used)
			}
			time.Sleep(c.rest)
			for range 100 {
				_ = ask(t.Context(), client)
			}
			if used[bad] < 10 {
				t.Errorf("after %v the key is not used again: %v", c.rest, used)
			}
		})
	}
}

func TestRequestIsAnsweredWithoutACallWhileEveryKeyRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(refusing(schemas.KindUnauthorized, 401))
		client := startClient(t, p, twoKeys)
		for range 2 {
			if err := ask(t.Context(), client); !errors.Is(err, schemas.ErrUnauthorized) {
				t.Error(err)
			}
		}
		time.Sleep(10 * time.Second)
		err := errorOf(t, ask(t.Context(), client))
		if err.Kind != schemas.KindRateLimited || err.Reason != schemas.ReasonKeysResting || err.RetryAfter != 20*time.Second || p.Calls() != 2 {
			t.Errorf("%v, retry after %v, %d calls", err, err.RetryAfter, p.Calls())
		}
		for _, k := range stats(client).Keys {
			if time.Until(k.RestingUntil) != 20*time.Second {
				t.Errorf("%+v", k)
			}
		}
	})
}

func TestStreamIsRetriedBeforeItsFirstContentAndNeverAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := from(&source{next: failAt(3, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500})})
		p := newProvider(inOrder(refusing(schemas.KindUpstream, 500), streaming(4, 0), broken))
		client := startClient(t, p, retries(5, time.Second))
		if n, err := readAll(stream(t.Context(), t, client)); n != 4 || err != io.EOF || p.Calls() != 2 {
			t.Errorf("%d chunks, then %v; %d calls", n, err, p.Calls())
		}
		if n, err := readAll(stream(t.Context(), t, client)); n != 2 || !errors.Is(err, schemas.ErrUpstream) || p.Calls() != 3 {
			t.Errorf("%d chunks, then %v; %d calls", n, err, p.Calls())
		}
	})
}

func TestDeadlineThatIsShorterThanTheBackoffFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(refusing(schemas.KindUpstream, 500))
		client := startClient(t, p, retries(5, 10*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := errorOf(t, ask(ctx, client)); err.Kind != schemas.KindUpstream || p.Calls() != 1 || time.Since(began) != 0 {
			t.Errorf("%v after %v, %d calls", err, time.Since(began), p.Calls())
		}
	})
}

func TestContextThatEndsInABackoffIsAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(refusing(schemas.KindUpstream, 500))
		client := startClient(t, p, sizes(1, 1), retries(5, 10*time.Second))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if err := ask(ctx, client); !errors.Is(err, schemas.ErrCanceled) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(time.Minute)
		if s := stats(client); s.Cancelled != 1 || p.Calls() != 1 {
			t.Errorf("%d calls, %+v", p.Calls(), s)
		}
		atRest(t, client)
	})
}

func TestWhatCannotSucceedIsNotRetried(t *testing.T) {
	faults := map[string]script{
		"invalid request": refusing(schemas.KindInvalidRequest, 400),
		"not found":       refusing(schemas.KindNotFound, 404),
		"unsupported":     refusing(schemas.KindUnsupportedOperation, 0),
		"internal":        refusing(schemas.KindInternal, 0),
		"timeout":         refusing(schemas.KindTimeout, 0),
		"untyped":         func(context.Context, *schemas.Attempt) (*schemas.Response, error) { return nil, errors.New("x") },
		"nothing":         func(context.Context, *schemas.Attempt) (*schemas.Response, error) { return nil, nil },
		"panic":           panicking("scripted panic"),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &scripted{script: fault}
				client := startClient(t, bare{p}, retries(5, time.Second))
				err := errorOf(t, ask(t.Context(), client))
				if p.Calls() != 1 || err.Provider != providerName {
					t.Errorf("%v after %d calls", err, p.Calls())
				}
				if s := stats(client); s.Failed != 1 || s.Retries != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// bare is a scripted provider that hands on whatever its script returns.
type bare struct{ *scripted }

func (b bare) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	b.calls.Add(1)
	return b.script(ctx, a)
}
