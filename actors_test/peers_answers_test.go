package actors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: answers. There are no hooks yet, so what counted hooks there counts
// terminal answers here, at the door where a second one would be seen.

func TestPeersRow15ACancelStormOfThreeHundredHasThreeHundredTerminalAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(20 * time.Millisecond))
		client := startClient(t, p, sizes(5, 300))
		var askers []*asker
		for i := range 300 {
			a := newAsker(t, client)
			askers = append(askers, a)
			ctx, cancel := context.WithCancel(t.Context())
			t.Cleanup(cancel)
			time.AfterFunc(time.Duration(i*37%100)*time.Millisecond, cancel) // queued, in hand, at its end, and after it
			a.ask(t, client, &actors.Ask{Context: ctx, Request: request()})
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		ended := make(map[string]int)
		for i, a := range askers {
			if len(a.answers) != 1 {
				t.Errorf("request %d has %d terminal answers", i, len(a.answers))
				continue
			}
			err, _ := (<-a.answers).(error)
			ended[verdict(err)]++
		}
		if ended["ok"]+ended["canceled"] != 300 || ended["ok"] == 0 || ended["canceled"] == 0 {
			t.Errorf("ended: %v", ended)
		}
		s := stats(client)
		if s.Offered != 300 || s.Completed != uint64(ended["ok"]) || s.Cancelled+s.Left != uint64(ended["canceled"]) {
			t.Errorf("offered %d, completed %d, cancelled %d; callers were told %v", s.Offered, s.Completed, s.Cancelled, ended)
		}
		atRest(t, client)
	})
}

func TestPeersRow16OfTwentyInDropModeEighteenAreDroppedAndTwentyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(1, 1), dropExcess)
		a := newAsker(t, client)
		for range 20 {
			a.ask(t, client, request())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		ended := make(map[string]int)
		for range len(a.answers) {
			switch m := (<-a.answers).(type) {
			case *schemas.DeadLetter:
				ended["dropped: "+string(m.Reason)]++
			case *schemas.Response:
				ended["ok"]++
			default:
				ended[fmt.Sprintf("%T", m)]++
			}
		}
		wantTally(t, ended, map[string]int{"ok": 2, "dropped: queue_full": 18})
		if p.Calls() != 2 {
			t.Errorf("the provider saw %d calls, want 2", p.Calls())
		}
		wantTally(t, crowdOf(t.Context(), client, 20).tally(), map[string]int{"ok": 2, "overloaded/queue_full": 18})
		atRest(t, client)
	})
}

func TestPeersRow18APanicIsOneErrorAndTheNextRequestIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := script(func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic(prompt) })
		p := newProvider(inOrder(boom, atOnce))
		client := startClient(t, p, sizes(1, 5))
		callers := crowdOf(t.Context(), client, 6)
		wantTally(t, callers.tally(), map[string]int{"internal": 1, "ok": 5})
		for _, o := range callers.wait() {
			if o.err != nil && strings.Contains(fmt.Sprintf("%v %+v", o.err, o.err), prompt) {
				t.Errorf("the error says what the panic said: %v", o.err)
			}
		}
		if err := ask(t.Context(), client); err != nil {
			t.Errorf("the next request: %v", err)
		}
		if s := stats(client); s.Panics != 1 || s.Workers != 1 {
			t.Errorf("%d panics, %d workers; want 1, 1", s.Panics, s.Workers)
		}
		synctest.Wait()
		atRest(t, client)
	})
}

func TestPeersRow21ARequestSharedByAHundredCallersIsNotChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {}}})
		shared := func() *schemas.ChatRequest {
			temperature := 0.5
			return &schemas.ChatRequest{
				Model:       "simulated/sim-small", // to be resolved, and rewritten for the provider
				Messages:    []schemas.ChatMessage{schemas.SystemMessage("be short"), schemas.UserMessage(prompt)},
				Temperature: &temperature,
				Stop:        schemas.Strings{"end"},
				Extra:       map[string]json.RawMessage{"seed_of_mine": json.RawMessage("7")},
			}
		}
		req := shared()
		var callers sync.WaitGroup
		for i := range 100 {
			callers.Go(func() {
				if i%2 == 0 {
					if _, err := client.ChatCompletionRequest(t.Context(), req); err != nil {
						t.Errorf("chat: %v", err)
					}
					return
				}
				stream, err := client.ChatCompletionStreamRequest(t.Context(), req)
				if err != nil {
					t.Errorf("stream: %v", err)
					return
				}
				for _, err := range stream.All() {
					if err != nil {
						t.Errorf("stream: %v", err)
					}
				}
			})
		}
		callers.Wait()
		if !reflect.DeepEqual(req, shared()) {
			t.Errorf("the request is now %+v", *req)
		}
		synctest.Wait()
		atRest(t, client)
		if s := client.Stats().Providers["simulated"]; s.Completed != 100 {
			t.Errorf("completed %d, want 100", s.Completed)
		}
	})
}

// refusals makes Bifrost refuse for each reason in turn, by the door that an SDK
// uses.
var refusals = map[schemas.Reason]struct {
	status int
	make   func(t *testing.T) *http.Response
}{
	schemas.ReasonQueueFull: {503, func(t *testing.T) *http.Response {
		client, _, _ := full(t, nil, dropExcess)
		return overTransport(t, client, providerName)
	}},
	schemas.ReasonQueueTimeout: {503, func(t *testing.T) *http.Response {
		client, _, _ := full(t, nil, queueTimeout(time.Second))
		return overTransport(t, client, providerName)
	}},
	schemas.ReasonDraining: {503, func(t *testing.T) *http.Response {
		client := startClient(t, newProvider(atOnce))
		shutdown(t, client)
		return overTransport(t, client, providerName)
	}},
	schemas.ReasonDegraded: {503, func(t *testing.T) *http.Response {
		p := newProvider(func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic("scripted") })
		client := startClient(t, p, sizes(1, 1), dropExcess)
		for range 3 {
			_ = ask(t.Context(), client)
			synctest.Wait()
		}
		crowdOf(t.Context(), client, 1)
		held(t, client, 0, 1, 0)
		return overTransport(t, client, providerName)
	}},
	schemas.ReasonKeysResting: {429, func(t *testing.T) *http.Response {
		p := newProvider(refusing(schemas.KindUnauthorized, 401))
		client := startClient(t, p, keys(schemas.Key{Value: "a"}))
		_ = ask(t.Context(), client)
		return overTransport(t, client, providerName)
	}},
	schemas.ReasonNotFound: {404, func(t *testing.T) *http.Response {
		return overTransport(t, startClient(t, newProvider(atOnce)), "nowhere")
	}},
}

func overTransport(t *testing.T, client *bifrost.Client, provider string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example.com/v1/chat/completions",
		strings.NewReader(`{"model":"`+model+`","messages":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Transport(provider).RoundTrip(req)
	if err != nil {
		t.Fatalf("a Go error instead of a response: %v", err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestPeersRow23EveryRefusalHasItsOwnStatusAndRetryAfterAndIsNever400(t *testing.T) {
	for reason, want := range refusals {
		t.Run(string(reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				resp := want.make(t)
				if resp.StatusCode != want.status {
					t.Errorf("status %d, want %d", resp.StatusCode, want.status)
				}
				if code := resp.Header.Get("X-Bifrost-Code"); code != string(reason) {
					t.Errorf("code %q, want %q", code, reason)
				}
				if origin := resp.Header.Get("X-Bifrost-Origin"); origin != "gateway" {
					t.Errorf("origin %q, want gateway", origin)
				}
				var body struct {
					Error struct{ Message, Type, Code string }
				}
				if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.Error.Message == "" || body.Error.Type == "" {
					t.Errorf("body %+v, %v", body, err)
				}
				if reason == schemas.ReasonNotFound {
					return // waiting would not help
				}
				seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
				if err != nil || seconds < 1 || seconds > 59 {
					t.Errorf("Retry-After %q, want 1 to 59", resp.Header.Get("Retry-After"))
				}
			})
		})
	}
}

func TestPeersRow25AKeyRefusedWith401RestsUntilItsCoolDownEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		used := make(map[string]int)
		revoked := true
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			used[a.Key.Name]++
			if a.Key.Name == "revoked" && revoked {
				return refusing(schemas.KindUnauthorized, 401)(ctx, a)
			}
			return answer("ok"), nil
		})
		// The weight makes the refused key the first choice as good as always.
		client := startClient(t, p, retries(1, time.Second),
			keys(schemas.Key{Name: "revoked", Value: "secret-1", Weight: 1e9}, schemas.Key{Name: "good", Value: "secret-2"}))
		count := func(requests, wantRevoked, wantGood int) {
			t.Helper()
			clear(used)
			for range requests {
				if err := ask(t.Context(), client); err != nil {
					t.Errorf("answered with %v", err)
				}
			}
			if used["revoked"] != wantRevoked || used["good"] != wantGood {
				t.Errorf("used %v, want revoked %d, good %d", used, wantRevoked, wantGood)
			}
		}
		count(1, 1, 1)     // refused, and another key at once
		count(100, 0, 100) // the next requests know
		time.Sleep(29 * time.Second)
		count(100, 0, 100)
		time.Sleep(time.Second)
		count(1, 1, 1) // its 30 s are over: tried again, and refused again
		count(100, 0, 100)
		revoked = false
		time.Sleep(30 * time.Second)
		count(20, 20, 0)
		synctest.Wait()
		atRest(t, client)
	})
}

func TestPeersRow25WithOneKeyTheRefusalIsOursWhileItRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(refusing(schemas.KindUnauthorized, 401), atOnce))
		client := startClient(t, p, keys(schemas.Key{Value: "secret"}))
		if err := ask(t.Context(), client); !errors.Is(err, schemas.ErrUnauthorized) {
			t.Errorf("answered with %v", err)
		}
		time.Sleep(10 * time.Second)
		e := errorOf(t, ask(t.Context(), client))
		if e.Reason != schemas.ReasonKeysResting || e.RetryAfter != 20*time.Second || p.Calls() != 1 {
			t.Errorf("answered with %+v after %d calls", e, p.Calls())
		}
		time.Sleep(20 * time.Second)
		if err := ask(t.Context(), client); err != nil {
			t.Errorf("after the cool-down: %v", err)
		}
		synctest.Wait()
		atRest(t, client)
	})
}
