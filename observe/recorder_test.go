package observe_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"bifrost"
	"bifrost/observe"
	"bifrost/schemas"
)

func TestWhatAProviderHasDoneIsInItsWindow(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering()})
	ask(t, client, 5, "p", "listed")
	stream, err := client.ChatCompletionStreamRequest(t.Context(), question("p", "listed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range stream.All() {
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the stream's end", func() bool { return recorder.Window("p").Latency.Count == 6 })
	w := recorder.Window("p")
	if w.Wait.Count != 6 || w.FirstToken.Count != 1 || w.RequestsPerSecond <= 0 || w.Latency.P99 < w.Latency.P50 {
		t.Errorf("got %+v", w)
	}
	if w.InputTokensPerSecond <= 0 || w.InputTokensPerSecond != 2*w.OutputTokensPerSecond {
		t.Errorf("tokens: got %+v", w)
	}
}

func TestFailuresAreKeptWithoutWhatWasSaid(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{
		"bad": failing(schemas.KindUpstream), "worse": failing(schemas.KindRateLimited), "good": answering()})
	ask(t, client, 30, "bad", "listed")
	ask(t, client, 2, "worse", strings.Repeat("m", 1000))
	ask(t, client, 2, "good", "listed")
	bad := recorder.Failures("bad")
	if len(bad) != 20 {
		t.Fatalf("%d failures are kept", len(bad))
	}
	for i, f := range bad {
		if f.Provider != "bad" || f.Kind != schemas.KindUpstream || f.Status != 500 || f.Client != "team" || f.Model != "listed" || f.Key == "" || f.Reason != "" {
			t.Errorf("got %+v", f)
		}
		if i > 0 && f.At.After(bad[i-1].At) {
			t.Errorf("the failures are not newest first")
		}
	}
	all := recorder.Failures("")
	if len(all) < 21 || all[0].Provider != "worse" || len(all[0].Model) > 100 {
		t.Errorf("of all: %d, %+v", len(all), all[0])
	}
	if text := fmt.Sprintf("%+v", all); strings.Contains(text, secret) || strings.Contains(text, "sk-") {
		t.Errorf("content is kept: %s", text)
	}
	if got := recorder.Failures("good"); len(got) != 0 {
		t.Errorf("a good provider has failures: %+v", got)
	}
}

func TestRefusalsAreKeptByReason(t *testing.T) {
	provider, entered, release := held()
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": provider})
	done := make(chan struct{}, 2)
	for range 2 {
		go func() { // ends when the provider is released
			ask(t, client, 1, "p", "listed")
			done <- struct{}{}
		}()
	}
	await(t, "a call", entered)
	eventually(t, "a full mailbox", func() bool { return client.Stats().Providers["p"].Queued == 1 })
	_, err := client.ChatCompletionRequest(schemas.WithTenant(t.Context(), "other team"), question("p", "listed"))
	var letter *schemas.DeadLetter
	if !errors.As(err, &letter) {
		t.Fatalf("the request was not refused: %v", err)
	}
	got := recorder.DeadLetters()
	if len(got) != 1 || got[0].Reason != schemas.ReasonQueueFull || got[0].Kind != schemas.KindOverloaded || got[0].Client != "other team" || got[0].Key != "" {
		t.Errorf("got %+v", got)
	}
	if w := recorder.Window("p"); w.Latency.Count != 0 || w.Wait.Count != 0 {
		t.Errorf("a refusal is in the window: %+v", w)
	}
	close(release)
	await(t, "an answer", done)
	await(t, "an answer", done)
	if n := len(recorder.Failures("")); n != 0 {
		t.Errorf("%d requests have failed", n)
	}
}

func TestACallerThatGoesIsNoFailure(t *testing.T) {
	provider, entered, _ := held()
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": provider})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { // ends when its context does
		_, err := client.ChatCompletionRequest(ctx, question("p", "listed"))
		done <- err
	}()
	await(t, "a call", entered)
	cancel()
	if err := await(t, "the end", done); !errors.Is(err, schemas.ErrCanceled) {
		t.Fatal(err)
	}
	if n := len(recorder.Failures("")) + len(recorder.DeadLetters()); n != 0 {
		t.Errorf("%d are kept", n)
	}
}

func BenchmarkHook(b *testing.B) {
	recorder := observe.NewRecorder(observe.Options{Prices: map[string]observe.Price{"p/m": {Input: 1, Output: 2}}})
	hook := recorder.Hook()
	req := &schemas.Request{Operation: schemas.OperationChat, Provider: "p", Model: "m"}
	ctx := schemas.WithTenant(b.Context(), "team")
	counted := usage()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			call := schemas.HookCall{Request: req, Provider: "p"}
			_, _ = hook.BeforeRequest(ctx, &call)
			call.Usage = counted
			hook.AfterRequest(ctx, &call, nil, nil)
		}
	})
}

// BenchmarkCall shows what being watched, and being traced, costs a request.
func BenchmarkCall(b *testing.B) {
	traced := func(ratio float64) trace.TracerProvider {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))))
	}
	for _, c := range []struct {
		name  string
		hooks func() []schemas.Hook
	}{
		{"unwatched", func() []schemas.Hook { return nil }},
		{"watched", func() []schemas.Hook { return []schemas.Hook{observe.NewRecorder(observe.Options{}).Hook()} }},
		{"traced, 1 in 100", func() []schemas.Hook {
			return []schemas.Hook{observe.NewRecorder(observe.Options{Tracers: traced(0.01)}).Hook()}
		}},
		{"traced, all", func() []schemas.Hook {
			return []schemas.Hook{observe.NewRecorder(observe.Options{Tracers: traced(1)}).Hook()}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", answering()), bifrost.WithHooks(c.hooks()...))
			if err != nil {
				b.Fatal(err)
			}
			defer client.Shutdown(context.Background())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.ChatCompletionRequest(b.Context(), question("p", "m")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
