package actors_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// The markers stand for content that must never be seen outside of its call.
const (
	promptMarker     = "MARKER-PROMPT-1701"
	completionMarker = "MARKER-COMPLETION-74656"
	keyMarker        = "MARKER-KEY-47"
)

var markers = []string{promptMarker, completionMarker, keyMarker, prompt}

// marked is a request full of markers.
func marked() *schemas.ChatRequest {
	req := saying(promptMarker)
	req.User = promptMarker
	req.Tools = []schemas.Tool{{Type: "function", Function: schemas.ToolFunction{Name: "f", Description: promptMarker}}}
	return req
}

func markedRequest(op schemas.Operation) *schemas.Request {
	r := request()
	r.Operation, r.Chat = op, marked()
	if op == schemas.OperationRaw {
		r.Raw = &schemas.RawRequest{Method: "POST", Path: "/x", Query: "q=" + promptMarker, Body: []byte(promptMarker),
			Header: map[string][]string{"Authorization": {keyMarker}}}
	}
	return r
}

// leaky is a provider that does everything that goes wrong, with markers in it.
func leaky(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	upstream := &schemas.UpstreamReply{StatusCode: 500, Body: []byte(completionMarker)}
	switch a.Request.Model {
	case "panic":
		panic("in " + a.Request.Chat.Messages[0].Content.PlainText() + a.Key.Value)
	case "panic with error":
		panic(errors.New(promptMarker + keyMarker))
	case "panic with request":
		panic(a.Request)
	case "panic with key":
		panic(a.Key)
	case "runtime panic":
		none := [][]string{{promptMarker}, {completionMarker}}
		return nil, errors.New(none[len(none)+a.Number][0])
	case "untyped":
		return nil, errors.New(promptMarker + completionMarker + keyMarker)
	case "upstream":
		return nil, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500, Message: "the provider failed", Upstream: upstream, Err: errors.New(completionMarker)}
	case "unauthorized": // 403, so that the keys rest for this model only
		return nil, &schemas.Error{Kind: schemas.KindUnauthorized, StatusCode: 403, Message: "the key was refused", Upstream: upstream}
	case "slow":
		return nil, pause(ctx, time.Hour)
	case "broken stream":
		return from(&source{size: 1, next: failAt(3, errors.New(completionMarker))})(ctx, a)
	}
	if a.Request.Operation == schemas.OperationChatStream {
		return &schemas.Response{Stream: &markedStream{}}, nil
	}
	return answer(completionMarker), nil
}

// markedStream streams its marker three times.
type markedStream struct{ n int }

func (s *markedStream) Next() (*schemas.ChatChunk, error) {
	if s.n++; s.n > 3 {
		return nil, errors.New(completionMarker)
	}
	return &schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: completionMarker}}}}, nil
}

func (s *markedStream) Close() error { return nil }

var leakyModels = []string{"fine", "panic", "panic with error", "panic with request", "panic with key", "runtime panic",
	"untyped", "upstream", "unauthorized", "slow", "broken stream"}

// exerciseAll drives every kind of trouble through every door, and notes what is
// public about the answers.
func exerciseAll(t *testing.T, client *bifrost.Client, seen *record) {
	t.Helper()
	var wg sync.WaitGroup
	for _, m := range leakyModels {
		for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationRaw} {
			wg.Go(func() { exerciseOne(t, client, seen, m, op) })
		}
	}
	wg.Wait()
}

func exerciseOne(t *testing.T, client *bifrost.Client, seen *record, m string, op schemas.Operation) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	req := markedRequest(op)
	req.Model, req.Chat.Model = m, m
	switch op {
	case schemas.OperationChat:
		_, err := client.ChatCompletionRequest(ctx, req.Chat)
		seen.note(err)
	case schemas.OperationChatStream:
		s, err := client.ChatCompletionStreamRequest(ctx, req.Chat)
		seen.note(err)
		if err == nil {
			_, err = readAll(s)
			seen.note(err)
		}
	case schemas.OperationRaw:
		resp, err := client.RawRequest(ctx, providerName, m, req.Raw)
		seen.note(err, resp)
		if err == nil && resp.Raw != nil {
			_ = resp.Raw.Body.Close()
		}
	}
	a := newAsker(t, client)
	a.ask(t, client, &actors.Ask{Context: ctx, Request: req})
	got := <-a.answers
	seen.note(got)
	if resp, ok := got.(*schemas.Response); ok && resp.Stream != nil {
		_ = resp.Stream.Close()
	}
}

func TestNothingPrintsAPromptACompletionOrAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &record{}
		client := startClient(t, newProvider(leaky), sizes(3, 5), maxWaiting(100), retries(1, time.Millisecond),
			keys(schemas.Key{Name: "first", Value: keyMarker}, schemas.Key{Value: keyMarker + "-2"}),
			withOption(bifrost.WithLogger(zerolog.New(seen).Level(zerolog.TraceLevel))))
		seen.events(t, client.ActorSystem())
		for _, m := range []string{"panic", "unauthorized"} { // alone, so that it is not refused for the others
			exerciseOne(t, client, seen, m, schemas.OperationChat)
		}
		exerciseAll(t, client, seen)
		client.SetDropExcessRequests(true)
		exerciseAll(t, client, seen)
		seen.note(client.Stats())
		_, err := client.RawRequest(t.Context(), "nobody", promptMarker[:0], &schemas.RawRequest{Body: []byte(promptMarker)})
		seen.note(err)
		deadLettersOfTheEngine(t, client, seen)
		hard := crowd{}
		hard.wg.Go(func() { exerciseOne(t, client, seen, "slow", schemas.OperationChat) })
		synctest.Wait()
		seen.note(client.Shutdown(endedContext()), ask(t.Context(), client), client.Stats())
		hard.wait()
		synctest.Wait()
		seen.lacks(t, markers...)
		for _, what := range []string{"panicked", "refused a key"} {
			if !bytes.Contains([]byte(seen.String()), []byte(what)) {
				t.Errorf("the record has no word of what %s: it does not see the log", what)
			}
		}
	})
}

// deadLettersOfTheEngine sends everything that has content to actors that have
// stopped.
func deadLettersOfTheEngine(t *testing.T, client *bifrost.Client, seen *record) {
	t.Helper()
	root := client.ActorSystem().Root
	gone := root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
	if err := root.StopFuture(gone).Wait(); err != nil {
		t.Error(err)
	}
	req := markedRequest(schemas.OperationChat)
	for _, m := range []any{req, *req, &actors.Ask{Request: req}, actors.Ask{Request: req}, answer(completionMarker), *answer(completionMarker),
		&schemas.Error{Kind: schemas.KindUpstream, Upstream: &schemas.UpstreamReply{Body: []byte(completionMarker)}, Err: errors.New(completionMarker)},
		schemas.Key{Name: "k", Value: keyMarker}, &schemas.Key{Name: "k", Value: keyMarker}} {
		root.Send(gone, m)
		root.RequestWithCustomSender(gone, m, gone)
		seen.note(m)
	}
	for _, pid := range workerPIDs(client) {
		root.Stop(pid)
	}
	time.Sleep(5 * time.Second)
	pid, _ := client.ProviderPID(providerName)
	root.RequestWithCustomSender(pid, req, gone) // the answer is a dead letter
	root.Send(pid, req)
	time.Sleep(time.Second)
}

// In the program's own actor system the engine's log is the program's.
func TestProgramsOwnEngineLogHasNoContentEither(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &record{}
		system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
			return slog.New(slog.NewJSONHandler(seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}), actor.WithDeadLetterRequestLogging(true))
		defer system.Shutdown()
		client := startClient(t, newProvider(leaky), sizes(3, 5), maxWaiting(100), keys(schemas.Key{Name: "first", Value: keyMarker}),
			withOption(bifrost.WithActorSystem(system)), withOption(bifrost.WithLogger(zerolog.New(seen))))
		seen.events(t, system)
		exerciseAll(t, client, seen)
		deadLettersOfTheEngine(t, client, seen)
		seen.note(client.Shutdown(endedContext()), client.Stats())
		synctest.Wait()
		seen.lacks(t, markers...)
	})
}

func TestFailedInitNamesTheProviderAndNotItsKey(t *testing.T) {
	seen := &record{}
	_, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"mine": {
		Keys:   []schemas.Key{{Value: keyMarker, Weight: -1}, {Value: keyMarker}},
		Config: schemas.ProviderConfig{Type: "unheard-of", NetworkConfig: schemas.NetworkConfig{BaseURL: "http://user:" + keyMarker + "@host"}},
	}}})
	if err == nil {
		t.Fatal("no error")
	}
	seen.note(err)
	seen.lacks(t, markers...)
}
