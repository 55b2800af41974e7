package remote

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// kinds are the messages that nodes send each other.
var kinds = []func() proto.Message{
	func() proto.Message { return new(v1.Heartbeat) },
	func() proto.Message { return new(v1.HeartbeatReply) },
	func() proto.Message { return new(v1.Request) },
	func() proto.Message { return new(v1.RequestPart) },
	func() proto.Message { return new(v1.Grant) },
	func() proto.Message { return new(v1.Begun) },
	func() proto.Message { return new(v1.Cancel) },
	func() proto.Message { return new(v1.Begin) },
	func() proto.Message { return new(v1.Response) },
	func() proto.Message { return new(v1.ResponsePart) },
	func() proto.Message { return new(v1.Error) },
	func() proto.Message { return new(v1.DeadLetter) },
	func() proto.Message { return new(v1.LeaseBallot) },
	func() proto.Message { return new(v1.LeaseVote) },
	func() proto.Message { return new(v1.LeaseRequest) },
	func() proto.Message { return new(v1.LeaseGrant) },
}

// senders are who may say something: the peer's node, two actors there, and nobody.
var senders = []*actor.PID{
	actor.NewPID(bareThere, nodeID),
	actor.NewPID(bareThere, "asker"),
	actor.NewPID(bareThere, ""),
	nil,
}

// scene is what a peer says, message by message, and the pauses between.
type scene []byte

// say adds a message.
func (s scene) say(sender int, m proto.Message) scene {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	for i, kind := range kinds {
		if proto.MessageName(kind()) == proto.MessageName(m) {
			return append(append(s, byte(i), byte(sender), byte(len(data)>>8), byte(len(data))), data...)
		}
	}
	panic("unknown")
}

// wait adds a pause of a hundred milliseconds times n.
func (s scene) wait(n byte) scene { return append(s, byte(len(kinds)), n, 0, 0) }

// play gives the node the messages, as they would come from a connection.
func (s scene) play(b *bare) {
	for n := 0; len(s) >= 4 && n < 64; n++ {
		kind, who, size := int(s[0])%(len(kinds)+1), s[1], min(int(s[2])<<8|int(s[3]), len(s)-4)
		data := s[4 : 4+size]
		s = s[4+size:]
		if kind == len(kinds) {
			time.Sleep(time.Duration(who) * 100 * time.Millisecond) // in virtual time
			synctest.Wait()
			continue
		}
		m := kinds[kind]()
		if proto.Unmarshal(data, m) != nil {
			continue
		}
		provider := ""
		if who&0x80 != 0 {
			provider = own
		}
		b.Receive(provider, m, senders[int(who&0x7f)%len(senders)])
	}
}

// ask has calls under way at the peer, and counts them down when they have ended.
func (b *bare) ask(t *testing.T, callers *sync.WaitGroup) {
	chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("x")}}
	for _, provider := range []string{there, moving} {
		for _, req := range []*schemas.Request{
			{Operation: schemas.OperationChat, Chat: chat},
			{Operation: schemas.OperationChatStream, Chat: chat},
			{Operation: schemas.OperationRaw, Raw: &schemas.RawRequest{Method: "POST", Path: "/x", Body: make([]byte, 100_000)}},
			{Operation: schemas.OperationEmbeddings, Embedding: &schemas.EmbeddingRequest{Model: "m", Input: schemas.Strings{"x"}}},
			{Operation: schemas.OperationListModels},
		} {
			callers.Go(func() { // ends with its context at the latest
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if err := use(b.routers[provider].Ask(ctx, req)); err != nil && !errors.As(err, new(*schemas.Error)) {
					t.Errorf("%s of %s: %T is no error of ours: %v", req.Operation, provider, err, err)
				}
			})
			synctest.Wait() // so that each has its number
		}
	}
}

// use reads an answer to its end.
func use(resp *schemas.Response, err error) error {
	switch {
	case err != nil:
		return err
	case resp.Stream != nil:
		defer resp.Stream.Close()
		for {
			if _, err := resp.Stream.Next(); err != nil {
				return ended(err)
			}
		}
	case resp.Raw != nil:
		defer resp.Raw.Body.Close()
		_, err := io.Copy(io.Discard, resp.Raw.Body)
		return err
	case resp.Chat == nil && resp.Embedding == nil && resp.Models == nil:
		return errors.New("the answer is empty")
	}
	return nil
}

func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// atRest checks that nothing is left of any call, here or there.
func (b *bare) atRest(t *testing.T) {
	t.Helper()
	stats := b.client.Stats()
	for name, p := range stats.Providers {
		if !p.Balanced() || p.InHand != 0 || p.Waiting != 0 || p.Queued != 0 {
			t.Errorf("%s counts %+v", name, p)
		}
	}
	for _, p := range stats.Peers {
		if p.InFlight != 0 || p.Serving != 0 {
			t.Errorf("of the peer it counts %+v", p)
		}
	}
	d := b.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.calls) != 0 || len(d.peers) != 0 || len(d.sizes) != 0 || d.bodies != 0 || b.held.Load() != 0 {
		t.Errorf("left are %d calls, %v, %v, %d and %d bytes", len(d.calls), d.peers, d.sizes, d.bodies, b.held.Load())
	}
}

// Whatever a peer says, in whatever order: nothing panics, every call ends, and the counts
// are balanced.
func FuzzWhatPeersSay(f *testing.F) {
	for _, s := range scenes() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) {
			b := newBare(t, zerolog.Nop())
			var callers sync.WaitGroup
			b.ask(t, &callers)
			scene(data).play(b)
			callers.Wait()
			b.peer.mu.Lock()
			l := b.peer.link
			b.peer.mu.Unlock()
			if l != nil {
				l.fail("the scene is over")
			}
			time.Sleep(silentAskerFor + 10*time.Second) // in virtual time
			synctest.Wait()
			b.atRest(t)
			b.end(t)
		})
	})
}

// scenes are what honest peers say, and some others.
func scenes() []scene {
	body := []byte(`{"messages":[{"role":"user","content":"x"}]}`)
	request := func(call uint64, op, model string) *v1.Request {
		return &v1.Request{Call: call, Operation: op, Model: model, Provider: own, Body: body, Window: windowBytes}
	}
	chunk := []byte(`{"id":"c","choices":[]}`)
	all := []scene{
		scene{}.say(0, &v1.Response{Call: 1, Body: []byte(`{"id":"c","choices":[]}`)}).
			say(0, &v1.Response{Call: 2, More: v1.More_MORE_CHUNKS}).
			say(0, &v1.ResponsePart{Call: 2, Chunks: [][]byte{chunk, chunk}}).wait(1).
			say(0, &v1.ResponsePart{Call: 2, Data: chunk[:5]}).say(0, &v1.ResponsePart{Call: 2, Chunks: [][]byte{chunk[5:]}, Last: true}).
			say(0, &v1.Response{Call: 3, More: v1.More_MORE_BYTES, Raw: &v1.RawAnswer{Status: 200}, Body: body}).wait(1).
			say(0, &v1.ResponsePart{Call: 3, Data: body}).say(0, &v1.ResponsePart{Call: 3, Error: &v1.Error{Kind: "timeout"}}).
			say(0, &v1.Error{Call: 4, Kind: "overloaded", Reason: "draining"}).say(0, &v1.DeadLetter{Call: 5, Reason: "queue_full"}),
		scene{}.say(0, &v1.Begin{Call: 6}).say(0, &v1.Begin{Call: 7}).say(0, &v1.Error{Call: 6, Kind: "node_lost"}).
			say(0, &v1.Heartbeat{Sequence: 9, Run: "r", Epoch: 2}).wait(1).say(0, &v1.Response{Call: 7, More: v1.More_MORE_CHUNKS}),
		scene{}.say(0, &v1.Heartbeat{Sequence: 9, Run: "other", Epoch: 1}).wait(30).say(0, &v1.Heartbeat{Leaving: true, Run: "other", Epoch: 1}),
		scene{}.say(0, request(1, "chat", "m")).say(0, request(2, "chat_stream", "m")).wait(1).say(0, &v1.Grant{Call: 2, Bytes: 1 << 63}).wait(10),
		scene{}.say(1, request(1, "chat_stream", "endless")).wait(20).say(1, &v1.Grant{Call: 1, Bytes: 100_000}).wait(5).say(1, &v1.Cancel{Call: 1}),
		scene{}.say(0, &v1.Request{Call: 3, Operation: "chat", Model: "stuck", Provider: own, Body: body, Confirm: true}).wait(1).
			say(0, &v1.Begun{Call: 3}).say(0, request(3, "chat", "m")).wait(1).say(0, &v1.Cancel{Call: 3}),
		scene{}.say(0, &v1.Request{Call: 4, Operation: "raw", Model: "m", Provider: own, Size: 10, Body: []byte("12345"), Window: 1 << 20,
			Raw: &v1.RawCall{Method: "POST", Path: "/x"}}).say(0, &v1.RequestPart{Call: 4, Data: []byte("12345")}).wait(1).
			say(0, &v1.Begun{Call: 4}).say(0, &v1.Request{Call: 5, Size: 1 << 40, Operation: "chat"}),
		scene{}.say(0, request(1, "chat", "broken")).say(2, request(1, "chat", "stuck")).say(3, request(2, "chat", "m")).wait(255),
		scene{}.say(0x80, request(1, "chat", "m")).say(0x81, request(2, "embeddings", "m")).say(0, request(0, "", "")),
	}
	all = append(all, scene{}.say(0, &v1.LeaseBallot{}).say(0, &v1.LeaseVote{}).say(0, &v1.LeaseRequest{}).say(0, &v1.LeaseGrant{}).wait(50))
	var one scene
	for call := range uint64(12) { // every answer to every call
		one = one.say(0, &v1.Response{Call: call, Body: []byte(`{}`), BodyForm: v1.BodyForm(call % 3), More: v1.More(call % 4)})
	}
	return append(all, one)
}
