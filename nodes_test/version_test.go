//go:build linux

package nodes_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
)

// tomorrow is a field that this version does not have.
func tomorrow() []byte {
	b := protowire.AppendTag(nil, 3000, protowire.BytesType)
	b = protowire.AppendString(b, "what this is nobody knows yet")
	b = protowire.AppendTag(b, 3001, protowire.VarintType)
	return protowire.AppendVarint(b, 7)
}

// chatOf is a chat as a node of the first version asks it, whose body is JSON.
func chatOf(call uint64, operation string, w wish) *v1.Request {
	return &v1.Request{Call: call, Operation: operation, Model: "m", Provider: "openai", Window: 256 << 10,
		Body: []byte(`{"messages":[{"role":"user","content":"` + w.prompt() + `"}],"tomorrows_field":{"a":1}}`)}
}

func TestANodeOfANewerVersionIsServedAndWhatIsNewIsLeftAlone(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, loopback{}, 0)
	there := newMachine()
	n := member(t, there, "owner", own{name: "openai", upstream: u}.String())
	s := newSpeaker(t, newMachine(), nodeAt(there))
	s.beat(t, func(i uint64) []byte {
		return encoded(&v1.Heartbeat{Sequence: i, Run: "speaker", Epoch: 1, Version: "v99", Credits: 10,
			Providers: []*v1.Provider{{Name: "new", Info: []byte(`{"from":"tomorrow"}`)}}}, tomorrow()...)
	})
	n.awaitPeers(t, "up", 1)
	must(t, s.say("bifrost.v1.Tomorrow", []byte("x")))
	must(t, s.say("bifrost.v1.Tomorrow", []byte("y")))
	must(t, s.say("bifrost.v1.Request", encoded(chatOf(1, "chat", wish{id: "chat"}), tomorrow()...)))
	must(t, s.say("bifrost.v1.Request", encoded(chatOf(2, "chat_stream", wish{id: "stream", chunks: 5}), tomorrow()...)))
	mustBeChat(t, s.hear(t, 1))
	mustBeStream(t, s.hear(t, 2), 6)

	unread := chatOf(3, "chat", wish{id: "unread"})
	unread.BodyForm = 77
	must(t, s.say("bifrost.v1.Request", encoded(unread)))
	if m, ok := s.hear(t, 3)[0].(*v1.Error); !ok || m.Kind != "invalid_request" {
		t.Errorf("a body in a form of tomorrow is answered with %v", m)
	}
	must(t, s.say("bifrost.v1.Request", encoded(chatOf(4, "dream", wish{id: "dream"}))))
	if m, ok := s.hear(t, 4)[0].(*v1.Error); !ok || m.Kind != "unsupported_operation" && m.Kind != "invalid_request" {
		t.Errorf("an operation of tomorrow is answered with %v", m)
	}
	if lines := n.log.lines("bifrost.v1.Tomorrow"); len(lines) != 1 {
		t.Errorf("two messages of an unknown type are logged as %q", lines)
	}
	if lines := n.log.lines(peerState("lost")); len(lines) > 0 {
		t.Errorf("the peer was lost: %q", lines)
	}
	if r := u.now(); r.calls != 2 || r.seen["chat"] != 1 || r.seen["stream"] != 1 {
		t.Errorf("the upstream has seen %+v", r)
	}
}

func TestANodeOfAnOlderVersionThatLeavesOutWhatItDoesNotHaveIsServed(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, loopback{}, 0)
	there := newMachine()
	n := member(t, there, "owner", own{name: "openai", upstream: u}.String())
	s := newSpeaker(t, newMachine(), nodeAt(there))
	s.beat(t, func(i uint64) []byte { return encoded(&v1.Heartbeat{Sequence: i, Run: "speaker"}) })
	n.awaitPeers(t, "up", 1)
	one := chatOf(1, "chat", wish{id: "chat"})
	one.Window = 0 // an answer in one message
	must(t, s.say("bifrost.v1.Request", encoded(one)))
	mustBeChat(t, s.hear(t, 1))
	must(t, s.say("bifrost.v1.Request", encoded(chatOf(2, "chat_stream", wish{id: "stream", chunks: 5}))))
	mustBeStream(t, s.hear(t, 2), 6)
	raw := &v1.Request{Call: 3, Operation: "raw", Model: "m", Provider: "openai", Window: 256 << 10,
		Raw:  &v1.RawCall{Dialect: "openai", Method: "POST", Path: "/chat/completions"},
		Body: []byte(`{"model":"m","messages":[{"role":"user","content":"id=raw"}]}`)}
	must(t, s.say("bifrost.v1.Request", encoded(raw)))
	m, ok := s.hear(t, 3)[0].(*v1.Response)
	if !ok || m.Raw.GetStatus() != 200 || !strings.Contains(string(m.Body), "xxxxxxxx") {
		t.Errorf("a raw call is answered with %v", m)
	}
	u.await(t, "three calls", func(r report) bool { return r.calls == 3 && r.active == 0 })
}

// mustBeChat checks that a whole answer is one which a reader of JSON can read: it did not
// say that it knows another form.
func mustBeChat(t *testing.T, answers []proto.Message) {
	t.Helper()
	m, ok := answers[0].(*v1.Response)
	if !ok || len(answers) != 1 || m.BodyForm != v1.BodyForm_BODY_FORM_JSON || !strings.Contains(string(m.Body), `"content":"xxxxxxxx"`) {
		t.Errorf("a chat is answered with %v", answers)
	}
}

func mustBeStream(t *testing.T, answers []proto.Message, chunks int) {
	t.Helper()
	if m, ok := answers[0].(*v1.Response); !ok || m.More != v1.More_MORE_CHUNKS || m.BodyForm != v1.BodyForm_BODY_FORM_JSON {
		t.Errorf("a stream begins with %v", answers[0])
	}
	got := 0
	for _, m := range answers[1:] {
		part, ok := m.(*v1.ResponsePart)
		if !ok || part.Error != nil {
			t.Fatalf("a stream goes on with %v", m)
		}
		got += len(part.Chunks)
	}
	if got != chunks {
		t.Errorf("%d chunks came, want %d", got, chunks)
	}
}
