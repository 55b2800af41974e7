package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// Promise 1: every request gets exactly one terminal answer: a response, or a
// typed error.

// fates are what can become of a request; User of the chat request names the
// provider's part in it. Each has one possible answer in wait mode.
var fates = []struct {
	name string
	want string
}{
	{"answered", "ok"},
	{"refused upstream", "upstream"},
	{"untyped error", "internal"},
	{"no response and no error", "internal"},
	{"panic", "internal"},
	{"canceled", "canceled"},
	{"deadline", "timeout"},
	{"expired", "timeout"},
	{"gone", "canceled"},
}

// fated does what the request's User says.
func fated(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	switch a.Request.Chat.User {
	case "refused upstream":
		return nil, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500, Message: "scripted"}
	case "untyped error":
		return nil, errors.New("not a typed error")
	case "no response and no error":
		return nil, nil
	case "panic":
		panic(prompt)
	case "canceled", "deadline", "expired", "gone":
		return after(time.Hour)(ctx, a)
	}
	return after(10*time.Millisecond)(ctx, a)
}

// fateContext is the sender's part.
func fateContext(name string) (context.Context, context.CancelFunc) {
	switch name {
	case "canceled":
		ctx, cancel := context.WithCancel(context.Background())
		stop := time.AfterFunc(50*time.Millisecond, cancel)
		return ctx, func() { stop.Stop(); cancel() }
	case "deadline":
		return context.WithTimeout(context.Background(), 50*time.Millisecond)
	case "expired":
		return context.WithTimeout(context.Background(), -time.Second)
	case "gone":
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx, cancel
	}
	return context.WithCancel(context.Background())
}

func fatedChat(name string) *schemas.ChatRequest {
	req := chat()
	req.User = name
	return req
}

func TestEveryRequestGetsItsOneAnswerWhateverItsFate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(fated)
		client := startClient(t, p, sizes(4, 8), poolSize(16))
		const rounds = 70
		var wg sync.WaitGroup
		for range rounds {
			for _, fate := range fates {
				wg.Go(func() {
					ctx, cancel := fateContext(fate.name)
					defer cancel()
					resp, err := client.ChatCompletionRequest(ctx, fatedChat(fate.name))
					if got := verdict(err); got != fate.want {
						t.Errorf("%s: answered with %s (%v), want %s", fate.name, got, err, fate.want)
					}
					if (resp == nil) == (err == nil) {
						t.Errorf("%s: response %v and error %v", fate.name, resp, err)
					}
				})
			}
		}
		wg.Wait()
		atRest(t, client)
		if s := stats(client); s.Offered != uint64(rounds*len(fates)) || s.Completed != rounds || s.Panics != rounds {
			t.Errorf("offered %d, completed %d, panics %d; want %d, %d, %d",
				s.Offered, s.Completed, s.Panics, rounds*len(fates), rounds, rounds)
		}
	})
}

func TestEveryAskByPIDGetsItsOneAnswerWhateverItsFate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(fated), sizes(4, 8))
		asked := 0
		askers := make(map[string]*asker, len(fates))
		for _, fate := range fates {
			askers[fate.name] = newAsker(t, client)
		}
		const rounds = 30
		for range rounds {
			for _, fate := range fates {
				ctx, cancel := fateContext(fate.name)
				t.Cleanup(cancel)
				req := request()
				req.Chat.User = fate.name
				askers[fate.name].ask(t, client, &actors.Ask{Context: ctx, Request: req})
				asked++
			}
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Minute) // past the deadline that an ask without one gets
		synctest.Wait()
		atRest(t, client)
		for _, fate := range fates {
			answers := askers[fate.name].answers
			if len(answers) != rounds {
				t.Errorf("%s: %d answers to %d asks", fate.name, len(answers), rounds)
			}
			for range len(answers) {
				checkFate(t, fate.name, fate.want, <-answers)
			}
		}
		if s := stats(client); s.Offered != uint64(asked) {
			t.Errorf("offered %d, asked %d", s.Offered, asked)
		}
	})
}

// checkFate checks an answer by PID: what the fate says, or a dead letter of the
// full mailbox, or the deadline of an ask that stayed queued.
func checkFate(t *testing.T, fate, want string, answer any) {
	t.Helper()
	got := ""
	switch a := answer.(type) {
	case *schemas.Response:
		got = "ok"
	case *schemas.DeadLetter:
		if a.Reason == schemas.ReasonQueueFull || a.Reason == schemas.ReasonDegraded {
			return
		}
		got = "dead letter: " + string(a.Reason)
	case *schemas.Error:
		got = string(a.Kind)
	default:
		got = fmt.Sprintf("%T", answer)
	}
	if got != want {
		t.Errorf("%s: answered with %s, want %s", fate, got, want)
	}
}

func TestAStreamEndsOnceAndStaysEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &schemas.Error{Kind: schemas.KindUpstream, Message: "scripted break"}
		p := newProvider(inOrder(streaming(3, time.Second), breaking(2, broken)))
		client := startClient(t, p, sizes(1, 1))
		for _, want := range []error{io.EOF, broken} {
			stream, err := client.ChatCompletionStreamRequest(t.Context(), chat())
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = stream.Next()
			}
			if !errors.Is(err, want) {
				t.Errorf("ended with %v, want %v", err, want)
			}
			if _, again := stream.Next(); again != err {
				t.Errorf("after the end: %v, want %v again", again, err)
			}
			if err := stream.Close(); err != nil {
				t.Errorf("close after the end: %v", err)
			}
			atRest(t, client)
		}
		if s := stats(client); s.Completed != 1 || s.Failed != 1 {
			t.Errorf("completed %d, failed %d, want 1 and 1", s.Completed, s.Failed)
		}
	})
}

// breaking streams some chunks and then breaks.
func breaking(chunks int, with error) script {
	return func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		resp, err := streaming(chunks, time.Millisecond)(ctx, a)
		resp.Stream = &brokenStream{resp.Stream, with}
		return resp, err
	}
}

type brokenStream struct {
	schemas.ChunkReader
	with error
}

func (s *brokenStream) Next() (*schemas.ChatChunk, error) {
	chunk, err := s.ChunkReader.Next()
	if err == io.EOF {
		err = s.with
	}
	return chunk, err
}

// A provider that does not heed its context answers long after its caller has
// gone; the pool of one makes the next request reuse what it might write into.
func TestALateAnswerNeverReachesAnotherCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(time.Second)
			return answer(a.Request.Chat.User), nil
		})
		client := startClient(t, p, sizes(2, 10), poolSize(1))
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				if i%2 == 0 {
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(i+1)*100*time.Millisecond)
				}
				defer cancel()
				name := fmt.Sprint("caller ", i)
				resp, err := client.ChatCompletionRequest(ctx, fatedChat(name))
				if err == nil && resp.Text() != name {
					t.Errorf("%s got the answer to %q", name, resp.Text())
				}
				if i%2 == 1 && err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second) // the last late answers
		synctest.Wait()
		atRest(t, client)
		if s := stats(client); s.Cancelled == 0 || s.Completed < 100 {
			t.Errorf("cancelled %d, completed %d: the late answers did not happen", s.Cancelled, s.Completed)
		}
	})
}

func TestARequestForAnUnknownProviderIsAnsweredAtEveryDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p)
		for name, err := range everyDoor(t.Context(), client, "nowhere") {
			typed := errorOf(t, err)
			if typed.Kind != schemas.KindNotFound || typed.Provider != "nowhere" {
				t.Errorf("%s: %v", name, err)
			}
			if letter := deadLetterOf(t, err); letter.Reason != schemas.ReasonNotFound {
				t.Errorf("%s: dead letter for %s", name, letter.Reason)
			}
		}
		if n := client.Stats().NotFound; n != 5 || p.Calls() != 0 {
			t.Errorf("counted %d, want 5; the provider saw %d calls", n, p.Calls())
		}
		if pid, ok := client.ProviderPID("nowhere"); ok {
			t.Errorf("a PID %v for a provider that never was", pid)
		}
	})
}

// everyDoor sends one request of each kind and returns the errors by kind.
func everyDoor(ctx context.Context, client *bifrost.Client, provider string) map[string]error {
	c := chat()
	c.Provider = provider
	out := make(map[string]error)
	_, out["chat"] = client.ChatCompletionRequest(ctx, c)
	_, out["stream"] = client.ChatCompletionStreamRequest(ctx, c)
	_, out["embedding"] = client.EmbeddingRequest(ctx, &schemas.EmbeddingRequest{Provider: provider, Model: model, Input: schemas.Strings{"x"}})
	_, out["models"] = client.ListModelsRequest(ctx, &schemas.ListModelsRequest{Provider: provider})
	_, out["raw"] = client.RawRequest(ctx, provider, model, &schemas.RawRequest{Method: "POST", Path: "/chat/completions"})
	return out
}

func TestAMessageThatIsNoRequestIsAnsweredByTheProvidersPID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p)
		asker := newAsker(t, client)
		for _, message := range []any{"hello", 7, (*schemas.Request)(nil), &actors.Ask{}, &actor.Touch{}} {
			asker.ask(t, client, message)
			synctest.Wait()
			if len(asker.answers) != 1 {
				t.Fatalf("%T: %d answers, want 1", message, len(asker.answers))
			}
			if typed, ok := (<-asker.answers).(*schemas.Error); !ok || typed.Kind != schemas.KindInvalidRequest {
				t.Errorf("%T: answered with %v", message, typed)
			}
		}
		if p.Calls() != 0 {
			t.Errorf("the provider saw %d calls", p.Calls())
		}
		atRest(t, client)
	})
}
