package guard

import (
	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A fault is what is wrong with a message; the zero fault is none.
type fault struct {
	reason Reason

	// Of a message to an actor.
	target, typeName string

	peer   string // the address that is claimed, if the connection has not got it
	detail string // in our own words
}

// maxActorID bounds the id of an actor that sends, in bytes: what is done for it keeps it.
const maxActorID = 1 << 10

// A judge knows what a batch may have in it. It has no state.
type judge struct {
	envelopes int
	allow     func(target, typeName string) bool
}

// judge looks at a message of a peer that has introduced itself with the address from.
// A fault means that the engine must not see msg. Without one, envelopes that may not
// pass have been taken out of msg, each after a call of dropped, and no index of the
// others is out of range.
func (j judge) judge(msg *remote.RemoteMessage, from string, dropped func(fault)) fault {
	switch t := msg.GetMessageType().(type) {
	case *remote.RemoteMessage_MessageBatch:
		return j.batch(t.MessageBatch, from, dropped)
	case nil:
		dropped(fault{reason: ReasonUnknownMessage})
		return fault{}
	}
	return fault{reason: ReasonUnexpected}
}

func (j judge) batch(batch *remote.MessageBatch, from string, dropped func(fault)) fault {
	switch {
	case batch == nil:
		return fault{reason: ReasonBadBatch}
	case max(len(batch.Envelopes), len(batch.TypeNames), len(batch.Targets), len(batch.Senders)) > j.envelopes:
		return fault{reason: ReasonBadBatch}
	}
	for _, sender := range batch.Senders {
		switch {
		case sender.GetAddress() != from:
			return fault{reason: ReasonForeignSender}
		case len(sender.GetId()) > maxActorID:
			return fault{reason: ReasonBadBatch}
		}
	}
	parts := 0
	for _, e := range batch.Envelopes {
		if !fits(e, batch) {
			return fault{reason: ReasonBadBatch}
		}
		parts += len(e.MessageData)
	}
	// One budget for all of them: many small bombs are a large one.
	s := scanner{parts: partsFor(parts, j.envelopes)}
	kept := batch.Envelopes[:0]
	for _, e := range batch.Envelopes {
		f := fault{target: batch.Targets[e.Target], typeName: batch.TypeNames[e.TypeId]}
		switch f.reason = j.envelope(e, f.target, f.typeName, &s); {
		case f.reason == "":
			kept = append(kept, e)
		case f.reason.drops():
			dropped(f)
		default:
			return f
		}
	}
	clear(batch.Envelopes[len(kept):])
	batch.Envelopes = kept
	return fault{}
}

// fits reports whether the engine may look up what e refers to.
func fits(e *remote.MessageEnvelope, batch *remote.MessageBatch) bool {
	return e != nil && e.SerializerId == remote.DefaultSerializerID &&
		within(e.TypeId, len(batch.TypeNames)) && within(e.Target, len(batch.Targets)) &&
		within(e.Sender, len(batch.Senders)+1) // 0: none
}

func within(index int32, length int) bool { return index >= 0 && int(index) < length }

// envelope returns why a message must not reach its target, or "".
func (j judge) envelope(e *remote.MessageEnvelope, target, typeName string, s *scanner) Reason {
	mt, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(typeName))
	switch {
	case err != nil:
		return ReasonUnknownType
	case isOfEngine(mt):
		return ReasonSystemMessage
	case !j.allow(target, typeName):
		return ReasonNotAllowed
	case s.scan(mt.Descriptor(), e.MessageData, 0) != nil:
		return ReasonBadProtobuf
	}
	return ""
}

// isOfEngine reports whether a type is the engine's own, and so commands actors or
// the engine. A DeadLetterResponse only tells an asker that nobody is there.
func isOfEngine(mt protoreflect.MessageType) bool {
	d := mt.Descriptor()
	switch d.ParentFile().Package() {
	case "actor":
		return d.Name() != "DeadLetterResponse"
	case "remote", "cluster", "router":
		return true
	}
	switch mt.Zero().Interface().(type) {
	case actor.SystemMessage, actor.AutoReceiveMessage, remote.RootSerialized:
		return true
	}
	return false
}
