package remote_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"bifrost/remote"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// A request that goes out after its Cancel would be served for nobody, for ever.
func TestACallThatHasEndedIsCancelledAfterItsRequest(t *testing.T) {
	t.Parallel()
	s := newStranger(t, nil)
	here := strangersAsker(t, s)
	eventually(t, "the stranger is up", peersUp(here, 1))
	var group sync.WaitGroup
	for range 300 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			_, _ = here.client.ChatCompletionRequest(ctx, hello("x"))
		})
	}
	group.Wait()
	open := func() map[uint64]bool {
		open := map[uint64]bool{}
		for _, m := range s.messages() {
			switch m := m.(type) {
			case *v1.Request:
				open[m.Call] = true
			case *v1.Cancel:
				delete(open, m.Call)
			}
		}
		return open
	}
	eventually(t, "no call is open there", func() bool { return len(open()) == 0 && here.client.Stats().Peers[0].Buffered == 0 })
	if p := here.client.Stats(); p.Providers[providerName].InHand != 0 || !p.Providers[providerName].Balanced() {
		t.Errorf("the asker counts %+v", p.Providers[providerName])
	}
}

// What peers answer that no honest one of this version does: each call fails, and gives
// its credit back.
func TestAnAnswerThatMakesNoSenseEndsItsCall(t *testing.T) {
	t.Parallel()
	answers := map[string]func(call uint64) []proto.Message{
		"an unknown continuation": func(c uint64) []proto.Message {
			return []proto.Message{&v1.Response{Call: c, More: 7, Body: []byte(`{}`)}}
		},
		"a part first": func(c uint64) []proto.Message {
			return []proto.Message{&v1.ResponsePart{Call: c, Data: []byte("x")}}
		},
		"two beginnings": func(c uint64) []proto.Message {
			return []proto.Message{&v1.Response{Call: c, More: v1.More_MORE_BYTES}, &v1.Response{Call: c, More: v1.More_MORE_BYTES}}
		},
		"more than was granted": func(c uint64) []proto.Message {
			return []proto.Message{&v1.Response{Call: c, More: v1.More_MORE_BYTES, Body: make([]byte, 2<<20)}}
		},
		"endless headers": func(c uint64) []proto.Message {
			return []proto.Message{&v1.Response{Call: c, Raw: &v1.RawAnswer{Header: []*v1.Header{{Name: "X", Values: [][]byte{make([]byte, 1<<20)}}}}}}
		},
		"empty chunks": func(c uint64) []proto.Message {
			return []proto.Message{&v1.Response{Call: c, More: v1.More_MORE_CHUNKS}, &v1.ResponsePart{Call: c, Chunks: make([][]byte, 4200)}}
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStranger(t, func(s *stranger, m proto.Message, sender *actor.PID) {
				if m, ok := m.(*v1.Request); ok {
					for _, one := range answer(m.Call) {
						s.send(sender, one)
					}
				}
			})
			here := strangersAsker(t, s)
			if _, err := here.client.ChatCompletionRequest(within(t, 10*time.Second), hello("x")); kindOf(err) != schemas.KindUpstream {
				t.Errorf("got %v", err)
			}
			stats := here.client.Stats()
			if p := stats.Providers[providerName]; p.InHand != 0 || !p.Balanced() || stats.Peers[0].InFlight != 0 {
				t.Errorf("the asker counts %+v, and %d calls at the peer", p, stats.Peers[0].InFlight)
			}
		})
	}
}

// An asker that reads nothing more of a stream is told when its time is over, though
// there is nothing that it has granted.
func TestAStreamWhoseTimeIsOverEndsWithAnError(t *testing.T) {
	t.Parallel()
	there := owner(t, stuckAfter(1000), schemas.ProviderConfig{})
	s := newStranger(t, nil)
	target := actor.NewPID(there.node.Address(), "bifrost")
	m := &v1.Request{Call: 1, Operation: "chat_stream", Model: model, Provider: providerName, Window: 64 << 10,
		TimeLeft: durationpb.New(time.Second), Body: []byte(`{"messages":[{"role":"user","content":"x"}]}`)}
	s.send(target, m)
	eventually(t, "the stream has ended", func() bool {
		all := s.messages()
		if len(all) == 0 {
			return false
		}
		part, ok := all[len(all)-1].(*v1.ResponsePart)
		return ok && part.Last && part.Error.GetKind() == string(schemas.KindTimeout)
	})
}

// stuckAfter streams n long chunks, and then nothing until it is ended.
func stuckAfter(n int) *scripted {
	return &scripted{script: func(ctx context.Context, _ *schemas.Attempt) (*schemas.Response, error) {
		return &schemas.Response{Stream: &pausing{ctx: ctx, left: n}}, nil
	}}
}

type pausing struct {
	ctx  context.Context
	left int
}

func (p *pausing) Next() (*schemas.ChatChunk, error) {
	if p.left--; p.left < 0 {
		<-p.ctx.Done()
		return nil, p.ctx.Err()
	}
	return &schemas.ChatChunk{ID: "chat-1", Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: strings.Repeat("x", 1000)}}}}, nil
}

func (p *pausing) Close() error { return nil }

// The engine drops such a message, and its caller would wait for ever.
func TestATenantWithBytesThatAreNoTextDoesNotLoseTheCall(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := asker(t, remote.Config{Version: "1.0\xff"}, there)
	ctx := schemas.WithSession(schemas.WithTenant(within(t, 10*time.Second), "a\xffb"), "\xfe")
	if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err != nil {
		t.Error(err)
	}
}

// Headers count too: a message that is too large would take the connection with it.
func TestHeadersThatDoNotFitIntoAMessageCostTheirCallOnly(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 400<<10)
	open := make(chan struct{})
	p := &scripted{script: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if a.Request.Raw == nil {
			return stuck(open).script(ctx, a)
		}
		header := http.Header{"X-Large": {large}}
		if a.Request.Raw.Path == "/fail" {
			return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, Message: "slow down",
				Upstream: &schemas.UpstreamReply{StatusCode: 429, Header: header, Body: []byte("{}")}}
		}
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: header, Body: http.NoBody}}, nil
	}}
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, 20*time.Second)
	call := ask(ctx, here)
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	_, err := here.client.RawRequest(ctx, providerName, model, &schemas.RawRequest{Method: "POST", Path: "/x", Header: http.Header{"X-Large": {large}}})
	if kindOf(err) != schemas.KindInvalidRequest {
		t.Errorf("a request with them: got %v", err)
	}
	_, err = here.client.RawRequest(ctx, providerName, model, &schemas.RawRequest{Method: "POST", Path: "/x"})
	if kindOf(err) != schemas.KindUpstream {
		t.Errorf("an answer with them: got %v", err)
	}
	_, err = here.client.RawRequest(ctx, providerName, model, &schemas.RawRequest{Method: "POST", Path: "/fail"})
	if kindOf(err) != schemas.KindRateLimited {
		t.Errorf("an error with them: got %v", err)
	}
	close(open)
	if err := <-call; err != nil {
		t.Errorf("the call beside them: %v", err)
	}
	if n := here.client.Stats().Peers[0].Losses; n != 0 {
		t.Errorf("the connection was lost %d times", n)
	}
}
