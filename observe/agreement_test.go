package observe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"bifrost"
	"bifrost/observe"
	"bifrost/schemas"
)

// moody is a provider that takes a while, and fails now and then.
func moody() *fake {
	return &fake{call: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		select {
		case <-time.After(time.Duration(rand.IntN(2000)) * time.Microsecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if rand.IntN(5) == 0 {
			return nil, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500}
		}
		return answering().Call(ctx, a)
	}}
}

// TestWhatIsRecordedAgreesWithTheMailbox storms providers in drop and in wait mode with
// callers that leave, and compares what became of the requests there and here.
func TestWhatIsRecordedAgreesWithTheMailbox(t *testing.T) {
	recorder := observe.NewRecorder(observe.Options{})
	account := schemas.StaticAccount{}
	with := []bifrost.Option{bifrost.WithHooks(recorder.Hook())}
	for name, drop := range map[string]bool{"drops": true, "waits": false} {
		account[name] = schemas.StaticProvider{Config: schemas.ProviderConfig{DropExcessRequests: &drop,
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 2, BufferSize: 3}}}
		with = append(with, bifrost.WithProvider(name, moody()))
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account}, with...)
	if err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() { // ends after 60 requests
			for range 60 {
				call(t.Context(), client, []string{"drops", "waits"}[i%2])
			}
		})
	}
	callers.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	counts := outcomes(gather(t, recorder.Collector(client))["bifrost_request_duration_seconds"])
	for name, s := range client.Stats().Providers {
		want := map[string]uint64{"completed": s.Completed, "failed": s.Failed, "cancelled": s.Cancelled + s.Left, "refused": s.RefusedTotal() + s.DeadLettered}
		if got := counts[name]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v is recorded, and the mailbox has %v", name, got, want)
		}
		if s.Completed == 0 || s.Failed == 0 || s.Cancelled+s.Left == 0 || (s.RefusedTotal() == 0) == s.Drop {
			t.Errorf("%s: the storm was none: %+v", name, s.Counters)
		}
	}
}

// call makes one request, and leaves it, or its stream, at times.
func call(ctx context.Context, client *bifrost.Client, provider string) {
	limit := patience
	leaves := rand.IntN(5)
	if leaves == 0 {
		limit = time.Duration(rand.IntN(1500)) * time.Microsecond
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	if leaves == 1 {
		timer := time.AfterFunc(time.Duration(rand.IntN(1500))*time.Microsecond, cancel)
		defer timer.Stop()
	}
	defer cancel()
	if rand.IntN(2) == 0 {
		_, _ = client.ChatCompletionRequest(ctx, question(provider, "m"))
		return
	}
	stream, err := client.ChatCompletionStreamRequest(ctx, question(provider, "m"))
	if err != nil {
		return
	}
	for range stream.All() {
		if rand.IntN(20) == 0 {
			break
		}
	}
	_ = stream.Close()
}

// outcomes sums a histogram's counts by provider and outcome.
func outcomes(metrics []*dto.Metric) map[string]map[string]uint64 {
	out := map[string]map[string]uint64{}
	for _, m := range metrics {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if out[labels["provider"]] == nil {
			out[labels["provider"]] = map[string]uint64{"completed": 0, "failed": 0, "cancelled": 0, "refused": 0}
		}
		out[labels["provider"]][labels["outcome"]] += m.GetHistogram().GetSampleCount()
	}
	return out
}
