package remote_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/actors"
	"bifrost/remote"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// askByPID asks a process's provider from another one, with a future.
func askByPID(t *testing.T, here *process, address, provider string, m any, timeout time.Duration) (any, error) {
	t.Helper()
	pid := actor.NewPID(address, actors.ProviderID(provider))
	return here.node.System().Root.RequestFuture(pid, m, timeout).Result()
}

func question(t *testing.T, text string) *v1.Request {
	t.Helper()
	m, err := remote.NewRequest(within(t, 20*time.Second), &schemas.Request{Operation: schemas.OperationChat, Model: model, Chat: hello(text)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func alone(t *testing.T, cfg remote.Config) *process {
	t.Helper()
	return launch(t, cfg, bifrost.WithProvider("own", answering()), nil)
}

func TestAnActorAsksAProviderOfAnotherNodeByItsPID(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := alone(t, remote.Config{})
	answer, err := askByPID(t, here, there.node.Address(), providerName, question(t, "how are you"), 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := remote.Open(schemas.OperationChat, answer)
	if err != nil || resp.Chat.Text() != "how are you" {
		t.Errorf("got %v, %v", resp, err)
	}
	_, err = remote.Open(schemas.OperationChat, first(askByPID(t, here, there.node.Address(), providerName, &v1.Request{Operation: "chat"}, 20*time.Second)))
	if kindOf(err) != schemas.KindInvalidRequest {
		t.Errorf("a request without a body: got %v", err)
	}
	_, err = remote.Open(schemas.OperationChat, first(askByPID(t, here, there.node.Address(), "unheard-of", question(t, "x"), 20*time.Second)))
	if letter := (*schemas.DeadLetter)(nil); kindOf(err) != schemas.KindNotFound || !errors.As(err, &letter) || letter.Reason != schemas.ReasonNotFound {
		t.Errorf("a PID that nobody has: got %v", err)
	}
}

func first(answer any, _ error) any { return answer }

// Its request is the first thing that the owner hears of this node.
func TestAnActorWhoIsTheFirstToAskGetsItsAnswer(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p := stuck(open)
	there := owner(t, p, schemas.ProviderConfig{})
	here := alone(t, remote.Config{})
	go func() { // ends when the provider has the call, and the nodes know each other
		eventually(t, "the provider has the call", func() bool { return p.calls.Load() == 1 })
		eventually(t, "the asker's node is up there", peersUp(there, 1))
		close(open)
	}()
	answer, err := askByPID(t, here, there.node.Address(), providerName, question(t, "x"), 10*time.Second)
	if _, err := remote.Open(schemas.OperationChat, answer); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestAnActorIsRefusedWithADeadLetter(t *testing.T) {
	t.Parallel()
	drop := true
	open := make(chan struct{})
	p := stuck(open)
	there := owner(t, p, schemas.ProviderConfig{DropExcessRequests: &drop,
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, time.Minute)
	calls := []<-chan error{ask(ctx, here), ask(ctx, here)}
	eventually(t, "it is full", func() bool { return there.client.Stats().Providers[providerName].Queued == 1 })
	answer, err := askByPID(t, here, there.node.Address(), providerName, question(t, "x"), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_, err = remote.Open(schemas.OperationChat, answer)
	var letter *schemas.DeadLetter
	if !errors.As(err, &letter) || letter.Reason != schemas.ReasonQueueFull {
		t.Errorf("got %v", err)
	}
	close(open)
	for _, call := range calls {
		if err := <-call; err != nil {
			t.Error(err)
		}
	}
}

func TestAnActorsRequestFailsWithItsNode(t *testing.T) {
	t.Parallel()
	p := stuck(nil)
	there, g := gated(t, p, schemas.ProviderConfig{})
	here := alone(t, remote.Config{})
	go func() { // ends when the provider has the call
		eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
		g.cut()
	}()
	answer, err := askByPID(t, here, there.node.Address(), providerName, question(t, "x"), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_, err = remote.Open(schemas.OperationChat, answer)
	wantLost(t, err, true)
}

// inbox is an actor that keeps what it gets.
type inbox chan any

// Receive is the engine's.
func (i inbox) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case actor.SystemMessage, actor.AutoReceiveMessage:
	default:
		i <- ctx.Message()
	}
}

func spawn(t *testing.T, p *process, name string) (*actor.PID, inbox) {
	t.Helper()
	in := make(inbox, 64)
	pid, err := p.node.System().Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return in }), name)
	if err != nil {
		t.Fatal(err)
	}
	return pid, in
}

func TestANamedActorGetsEachAnswerOnce(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := alone(t, remote.Config{Actors: []string{"asker"}})
	pid, in := spawn(t, here, "asker")
	target := actor.NewPID(there.node.Address(), actors.ProviderID(providerName))
	open := map[uint64]bool{}
	for range 20 {
		m := question(t, "x")
		open[m.Call] = true
		here.node.System().Root.RequestWithCustomSender(target, m, pid)
	}
	ctx := within(t, 20*time.Second)
	for len(open) > 0 {
		select {
		case m := <-in:
			resp, ok := m.(*v1.Response)
			if !ok || !open[resp.Call] {
				t.Fatalf("got a %T, or an answer twice", m)
			}
			delete(open, resp.Call)
		case <-ctx.Done():
			t.Fatalf("%d requests were not answered", len(open))
		}
	}
}

func TestAnActorWhomNoAnswerCanReachIsTold(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := alone(t, remote.Config{})
	pid, in := spawn(t, here, "unnamed")
	target := actor.NewPID(there.node.Address(), actors.ProviderID(providerName))
	here.node.System().Root.RequestWithCustomSender(target, question(t, "x"), pid)
	select {
	case m := <-in:
		if _, err := remote.Open(schemas.OperationChat, m); kindOf(err) != schemas.KindInvalidRequest {
			t.Errorf("got %v", err)
		}
	case <-within(t, 10*time.Second).Done():
		t.Error("it was not told")
	}
}

// Neither takes the connection, and the calls on it, along.
func TestAMessageThatAPeerWouldNotTakeIsNotSent(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p := stuck(open)
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	call := ask(within(t, time.Minute), here)
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	large := question(t, "x")
	large.Body = []byte(strings.Repeat("x", 6<<20))
	answer, err := askByPID(t, here, there.node.Address(), providerName, large, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Open(schemas.OperationChat, answer); kindOf(err) != schemas.KindInvalidRequest {
		t.Errorf("got %v", err)
	}
	target := actor.NewPID(there.node.Address(), actors.ProviderID(providerName))
	here.node.System().Root.RequestWithCustomSender(target, question(t, "x"), actor.NewPID("127.0.0.1:1", "somebody-else"))
	close(open)
	if err := <-call; err != nil {
		t.Error(err)
	}
	if n := here.client.Stats().Peers[0].Losses; n != 0 {
		t.Errorf("the connection was lost %d times", n)
	}
}

func TestOpenReadsEveryKindOfAnswer(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		answer any
		kind   schemas.ErrorKind
	}{
		{&v1.Error{Kind: "rate_limited"}, schemas.KindRateLimited},
		{&v1.DeadLetter{Reason: "queue_full"}, schemas.KindOverloaded},
		{&actor.DeadLetterResponse{}, schemas.KindNotFound},
		{&v1.Response{More: v1.More_MORE_CHUNKS}, schemas.KindUpstream},
		{&v1.Response{Body: []byte("no JSON")}, schemas.KindUpstream},
		{"something else", schemas.KindUpstream},
		{nil, schemas.KindUpstream},
	} {
		if _, err := remote.Open(schemas.OperationChat, one.answer); kindOf(err) != one.kind {
			t.Errorf("%T: got %v", one.answer, err)
		}
	}
	if _, err := remote.NewRequest(context.Background(), nil); kindOf(err) != schemas.KindInvalidRequest {
		t.Errorf("no request: got %v", err)
	}
}

// A program that has the engine and no node does not beat, and is answered all the same,
// also after the time in which a node would have been heard of.
func TestAnActorOfAProgramWithoutANodeIsAnswered(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	timer := time.AfterFunc(5*time.Second, func() { close(open) })
	defer timer.Stop()
	p := stuck(open)
	there := owner(t, p, schemas.ProviderConfig{})
	system := bareEngine(t)
	pid := actor.NewPID(there.node.Address(), actors.ProviderID(providerName))
	answer, err := system.Root.RequestFuture(pid, question(t, "x"), 20*time.Second).Result()
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := remote.Open(schemas.OperationChat, answer); err != nil || resp.Chat.Text() != "x" {
		t.Errorf("got %v, %v", resp, err)
	}
	if n := p.calls.Load(); n != 1 {
		t.Errorf("the provider had %d calls", n)
	}
}
