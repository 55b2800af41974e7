package guard

import (
	"strings"
	"testing"

	"bifrost/remote/bifrostv1"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// changed is a sound batch, spoiled.
func changed(spoil func(b *remote.MessageBatch)) *remote.RemoteMessage {
	b := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{Sequence: 7})
	b.Senders = []*actor.PID{{Address: hostileAddress, Id: "me"}}
	spoil(b)
	return batchOf(b)
}

func TestMalformedBatchClosesItsConnectionAndNothingElse(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(b *remote.MessageBatch)
		want  Reason
	}{
		{"type index too large", func(b *remote.MessageBatch) { b.Envelopes[0].TypeId = 1 }, ReasonBadBatch},
		{"type index negative", func(b *remote.MessageBatch) { b.Envelopes[0].TypeId = -1 }, ReasonBadBatch},
		{"target index too large", func(b *remote.MessageBatch) { b.Envelopes[0].Target = 1 }, ReasonBadBatch},
		{"target index negative", func(b *remote.MessageBatch) { b.Envelopes[0].Target = -1 }, ReasonBadBatch},
		{"sender index too large", func(b *remote.MessageBatch) { b.Envelopes[0].Sender = 2 }, ReasonBadBatch},
		{"sender index negative", func(b *remote.MessageBatch) { b.Envelopes[0].Sender = -1 }, ReasonBadBatch},
		{"json serializer", func(b *remote.MessageBatch) { b.Envelopes[0].SerializerId = 1 }, ReasonBadBatch},
		{"negative serializer", func(b *remote.MessageBatch) { b.Envelopes[0].SerializerId = -1 }, ReasonBadBatch},
		{"too many messages", func(b *remote.MessageBatch) {
			for len(b.Envelopes) <= defaultEnvelopes {
				b.Envelopes = append(b.Envelopes, b.Envelopes[0])
			}
		}, ReasonBadBatch},
		{"too many targets", func(b *remote.MessageBatch) { b.Targets = make([]string, defaultEnvelopes+1) }, ReasonBadBatch},
		{"a sender elsewhere", func(b *remote.MessageBatch) { b.Senders[0].Address = "10.1.2.3:7600" }, ReasonForeignSender},
		{"a sender nowhere", func(b *remote.MessageBatch) { b.Senders[0].Address = "" }, ReasonForeignSender},
		{"bytes of no message", func(b *remote.MessageBatch) { b.Envelopes[0].MessageData = []byte{0xff, 0xff} }, ReasonBadProtobuf},
		{"text that is not UTF-8", func(b *remote.MessageBatch) { b.Envelopes[0].MessageData = []byte{0x12, 1, 0xff} }, ReasonBadProtobuf},
		{"a bomb of empty parts", func(b *remote.MessageBatch) {
			b.Envelopes[0].MessageData = []byte(strings.Repeat("\x32\x00", 1<<20))
		}, ReasonBadProtobuf},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{})
			h := attack(t, r.process)
			h.introduce(hostileAddress)
			h.say(changed(c.spoil))
			h.refused(manners[c.want].code)
			r.alone(t)
			if now := r.survived(t, c.want); now.Met != 0 {
				t.Error("the victim got a message of a batch that was refused")
			}
		})
	}
}

func TestMessageThatMayNotPassIsDroppedAndTheRestGoesOn(t *testing.T) {
	stranger := &actor.PID{Address: hostileAddress, Id: "me"}
	cases := []struct {
		name, target, typeName string
		message                proto.Message
		want                   Reason
	}{
		{"foreign Stop", "victim", "actor.Stop", &actor.Stop{}, ReasonSystemMessage},
		{"poison pill", "victim", "actor.PoisonPill", &actor.PoisonPill{}, ReasonSystemMessage},
		{"Watch", "victim", "actor.Watch", &actor.Watch{Watcher: stranger}, ReasonSystemMessage},
		{"Unwatch", "victim", "actor.Unwatch", &actor.Unwatch{Watcher: stranger}, ReasonSystemMessage},
		{"Terminated", "victim", "actor.Terminated", &actor.Terminated{Who: stranger}, ReasonSystemMessage},
		{"Terminated of nobody", "victim", "actor.Terminated", &actor.Terminated{}, ReasonSystemMessage},
		{"Touch", "victim", "actor.Touch", &actor.Touch{}, ReasonSystemMessage},
		{"request to spawn", "activator", "remote.ActorPidRequest", &remote.ActorPidRequest{Kind: "k"}, ReasonSystemMessage},
		{"batch in a batch", "victim", "remote.RemoteMessage", &remote.RemoteMessage{}, ReasonSystemMessage},
		{"unknown type", "victim", "bifrost.v9.Telepathy", &bifrostv1.Heartbeat{}, ReasonUnknownType},
		{"no type", "victim", "", &bifrostv1.Heartbeat{}, ReasonUnknownType},
		{"enum as a type", "victim", "bifrost.v1.More", &bifrostv1.Heartbeat{}, ReasonUnknownType},
		{"hidden actor", "EndpointSupervisor", heartbeat, &bifrostv1.Heartbeat{}, ReasonNotAllowed},
		{"type that the target does not take", "echo", reply, &bifrostv1.HeartbeatReply{}, ReasonNotAllowed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{})
			h := attack(t, r.process)
			h.introduce(hostileAddress)
			b := oneMessage(c.target, c.typeName, c.message)
			sound := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{})
			sound.Envelopes[0].TypeId, sound.Envelopes[0].Target = 1, 1
			b.TypeNames, b.Targets = append(b.TypeNames, heartbeat), append(b.Targets, "victim")
			b.Envelopes = []*remote.MessageEnvelope{b.Envelopes[0], sound.Envelopes[0], b.Envelopes[0]}
			h.say(batchOf(b))
			h.say(batchOf(b))
			eventually(t, "the sound messages arrive", func() bool { return r.state().Met == 2 })
			if got := r.state().Stats.Refused[c.want]; got != 4 {
				t.Errorf("want 4 counted, got %d", got)
			}
			_ = h.conn.Close()
			r.alone(t)
			r.survived(t, c.want)
		})
	}
}

func TestUnaryCallsNeverReachTheEngine(t *testing.T) {
	r := newRig(t, nodeConfig{})
	h := attack(t, r.process)
	client := remote.NewRemotingClient(h.conn)
	if _, err := client.ListProcesses(t.Context(), &remote.ListProcessesRequest{}); !has(err, codes.Unimplemented) {
		t.Errorf("ListProcesses: want Unimplemented, got %v", err)
	}
	if _, err := client.GetProcessDiagnostics(t.Context(), &remote.GetProcessDiagnosticsRequest{}); !has(err, codes.Unimplemented) {
		t.Errorf("GetProcessDiagnostics: want Unimplemented, got %v", err)
	}
	r.alone(t)
	r.survived(t, ReasonUnaryCall)
}

func TestUnknownMethodIsRefused(t *testing.T) {
	r := newRig(t, nodeConfig{})
	h := attack(t, r.process)
	err := h.conn.Invoke(t.Context(), "/grpc.health.v1.Health/Check", &bifrostv1.Heartbeat{}, &bifrostv1.Heartbeat{})
	if !has(err, codes.Unimplemented) {
		t.Errorf("want Unimplemented, got %v", err)
	}
	r.alone(t)
	r.survived(t, ReasonUnknownMethod)
}

func TestStreamBeginsWithAnIntroduction(t *testing.T) {
	client := &remote.RemoteMessage{MessageType: &remote.RemoteMessage_ConnectRequest{ConnectRequest: &remote.ConnectRequest{
		ConnectionType: &remote.ConnectRequest_ClientConnection{ClientConnection: &remote.ClientConnection{MemberId: "x"}},
	}}}
	cases := []struct {
		name  string
		first *remote.RemoteMessage
		want  Reason
	}{
		{"nothing", &remote.RemoteMessage{}, ReasonNoIntroduction},
		{"a batch", changed(func(*remote.MessageBatch) {}), ReasonNoIntroduction},
		{"a client", client, ReasonNoIntroduction},
		{"no address", introduction(""), ReasonBadIntroduction},
		{"no port", introduction("127.0.0.1"), ReasonBadIntroduction},
		{"port 0", introduction("127.0.0.1:0"), ReasonBadIntroduction},
		{"control characters", introduction("a\nb:1"), ReasonBadIntroduction},
		{"a very long address", introduction(strings.Repeat("a", 300) + ":1"), ReasonBadIntroduction},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{})
			h := attack(t, r.process)
			h.say(c.first)
			h.refused(manners[c.want].code)
			r.alone(t)
			r.survived(t, c.want)
		})
	}
}

func TestOnlyBatchesFollowTheIntroduction(t *testing.T) {
	cases := map[string]*remote.RemoteMessage{
		"a second introduction": introduction(hostileAddress),
		"a ConnectResponse":     {MessageType: &remote.RemoteMessage_ConnectResponse{}},
		"a DisconnectRequest":   {MessageType: &remote.RemoteMessage_DisconnectRequest{DisconnectRequest: &remote.DisconnectRequest{}}},
	}
	for name, m := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{})
			h := attack(t, r.process)
			h.introduce(hostileAddress)
			h.say(m)
			h.refused(codes.InvalidArgument)
			r.alone(t)
			r.survived(t, ReasonUnexpected)
		})
	}
}
