package guard

import (
	"bytes"
	"testing"

	"bifrost/remote/bifrostv1"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"
)

var testJudge = judge{envelopes: 64, allow: allowed}

// FuzzJudgedBatchIsSafeForTheEngine does with what has passed what the engine does.
func FuzzJudgedBatchIsSafeForTheEngine(f *testing.F) {
	sound := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{Run: "r", Providers: []*bifrostv1.Provider{{Name: "p"}}})
	sound.Senders = []*actor.PID{{Address: hostileAddress, Id: "me"}}
	sound.Envelopes[0].Sender, sound.Envelopes[0].SenderRequestId = 1, 3
	for _, change := range []func(e *remote.MessageEnvelope){
		func(*remote.MessageEnvelope) {},
		func(e *remote.MessageEnvelope) { e.Sender = 2 },
		func(e *remote.MessageEnvelope) { e.TypeId = -1 },
		func(e *remote.MessageEnvelope) { e.Target = 1 << 30 },
		func(e *remote.MessageEnvelope) { e.SerializerId = 1 },
		func(e *remote.MessageEnvelope) { e.MessageData = []byte("\x32\x02\x0a") },
	} {
		b := proto.CloneOf(sound)
		change(b.Envelopes[0])
		data, err := proto.Marshal(batchOf(b))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := incoming{message: &remote.RemoteMessage{}, envelopes: testJudge.envelopes}
		if in.decode(data); in.malformed {
			return
		}
		if verdict := testJudge.judge(in.message, hostileAddress, func(fault) {}); verdict.reason != "" {
			if verdict.reason.drops() {
				t.Errorf("%s costs a message, not the batch", verdict.reason)
			}
			return
		}
		deliver(t, in.message.GetMessageBatch())
	})
}

// deliver looks up and decodes as the engine does.
func deliver(t *testing.T, b *remote.MessageBatch) {
	t.Helper()
	for _, e := range b.GetEnvelopes() {
		if e.Sender != 0 && b.Senders[e.Sender-1].Address != hostileAddress {
			t.Error("a foreign sender has passed")
		}
		target, typeName := b.Targets[e.Target], b.TypeNames[e.TypeId]
		m, err := remote.Deserialize(e.MessageData, typeName, e.SerializerId)
		if err != nil {
			t.Errorf("what the engine cannot read has passed: %s: %v", typeName, err)
		}
		if _, ok := m.(actor.SystemMessage); ok || !allowed(target, typeName) {
			t.Errorf("%s has passed to %s", typeName, target)
		}
	}
}

// FuzzScannerAcceptsWhatTheDecoderAccepts, but for what is too deep or has too many
// parts.
func FuzzScannerAcceptsWhatTheDecoderAccepts(f *testing.F) {
	types := []proto.Message{&bifrostv1.Heartbeat{}, &bifrostv1.Request{}, &bifrostv1.ResponsePart{}, &bifrostv1.Response{},
		&bifrostv1.Error{}, &remote.RemoteMessage{}, &remote.MessageEnvelope{}}
	for i, m := range []proto.Message{
		&bifrostv1.Heartbeat{Run: "r", Providers: []*bifrostv1.Provider{{Name: "p", Models: []string{"a", "b"}}}},
		&bifrostv1.Request{Call: 1, Body: []byte("{}"), Context: &bifrostv1.Context{Tenant: "t"}},
		&bifrostv1.ResponsePart{Chunks: [][]byte{{1}, {2}}},
	} {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), data)
	}
	headers, err := proto.Marshal(&remote.MessageEnvelope{MessageHeader: &remote.MessageHeader{HeaderData: map[string]string{"a": "b"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(6), headers)
	f.Add(uint8(0), []byte{0x12, 1, 0xff})
	f.Add(uint8(0), bytes.Repeat([]byte{0x0b}, 100))
	f.Add(uint8(0), []byte("\x95\x95\x95\x8f00000")) // a number that no field may have
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		m := types[int(which)%len(types)].ProtoReflect().New().Interface()
		s := scanner{parts: 1 << 30}
		scanned := s.scan(m.ProtoReflect().Descriptor(), data, 0)
		decoded := proto.Unmarshal(data, m)
		if (scanned == nil) != (decoded == nil) && scanned != errTooDeep {
			t.Errorf("the scanner says %v, the decoder %v: %x", scanned, decoded, data)
		}
	})
}

func TestPartsOfABatchHaveOneBudget(t *testing.T) {
	b := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{})
	// Each of them alone would be within it.
	data := bytes.Repeat([]byte{0x32, 0}, partsFor(0, testJudge.envelopes))
	for range 8 {
		b.Envelopes = append(b.Envelopes, &remote.MessageEnvelope{MessageData: data})
	}
	if got := testJudge.judge(batchOf(b), hostileAddress, func(fault) {}); got.reason != ReasonBadProtobuf {
		t.Errorf("want %s, got %q", ReasonBadProtobuf, got.reason)
	}
	b.Envelopes = b.Envelopes[:2]
	if got := testJudge.judge(batchOf(b), hostileAddress, func(fault) {}); got.reason != "" {
		t.Errorf("one alone was refused: %q", got.reason)
	}
}

func TestManyModelsFitIntoAHeartbeat(t *testing.T) {
	p := &bifrostv1.Provider{Name: "p"}
	for range 20_000 {
		p.Models = append(p.Models, "some-models-have-names")
	}
	b := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{Providers: []*bifrostv1.Provider{p}})
	if got := testJudge.judge(batchOf(b), hostileAddress, func(fault) {}); got.reason != "" {
		t.Errorf("it was refused: %s", got.reason)
	}
}

func TestDeadLetterResponsePassesIfItIsAllowed(t *testing.T) {
	b := oneMessage("victim", "actor.DeadLetterResponse", &actor.DeadLetterResponse{})
	dropped := func(f fault) { t.Errorf("it was dropped: %s", f.reason) }
	if got := testJudge.judge(batchOf(b), hostileAddress, dropped); got.reason != "" {
		t.Errorf("it was refused: %s", got.reason)
	}
}

func TestZeroPolicyAllowsNothing(t *testing.T) {
	g := New(Policy{})
	defer g.Close()
	msg := batchOf(oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{}))
	var got []fault
	if f := g.judge.judge(msg, hostileAddress, func(f fault) { got = append(got, f) }); f.reason != "" {
		t.Fatal(f)
	}
	if len(got) != 1 || got[0].reason != ReasonNotAllowed || len(msg.GetMessageBatch().Envelopes) != 0 {
		t.Errorf("want the message to be dropped, got %v", got)
	}
}

func TestNilPartsOfABatchAreAFault(t *testing.T) {
	empty := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{})
	empty.Envelopes = append(empty.Envelopes, nil)
	nobody := oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{})
	nobody.Senders = []*actor.PID{nil}
	for name, b := range map[string]*remote.MessageBatch{"batch": nil, "envelope": empty, "sender": nobody} {
		if got := testJudge.judge(batchOf(b), hostileAddress, func(fault) {}); got.reason == "" {
			t.Errorf("a nil %s has passed", name)
		}
	}
}
