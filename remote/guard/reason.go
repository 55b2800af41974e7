package guard

import "google.golang.org/grpc/codes"

// A Reason says why a connection, a stream or a message was refused. It is in log
// lines and in Stats.
type Reason string

// Reasons that cost a connection.
const (
	// ReasonEvicted: a stranger made room for another.
	ReasonEvicted Reason = "evicted"
	// ReasonTooSlow: no introduction in time.
	ReasonTooSlow Reason = "too_slow"
	// ReasonTooMuch: too many bytes before the introduction.
	ReasonTooMuch Reason = "too_much"
	// ReasonHandshake: the TLS handshake failed.
	ReasonHandshake Reason = "handshake"
	// ReasonNotHTTP2: something else than gRPC was spoken.
	ReasonNotHTTP2 Reason = "not_http2"
	// ReasonBroken: the transport gave up, for broken HTTP/2, too many pings, or no
	// answer to its own.
	ReasonBroken Reason = "broken"
	// ReasonTooMany: MaxConnections are open.
	ReasonTooMany Reason = "too_many_connections"
	// ReasonReplaced: the oldest connection of an address made room for a newer one.
	ReasonReplaced Reason = "replaced"
	// ReasonUnaryCall: one of the engine's unary calls, which would end the process.
	ReasonUnaryCall Reason = "unary_call"
	// ReasonUnknownMethod: a call that nobody has implemented.
	ReasonUnknownMethod Reason = "unknown_method"
	// ReasonNoIntroduction: the first message was no ConnectRequest of a server.
	ReasonNoIntroduction Reason = "no_introduction"
	// ReasonBadIntroduction: a ConnectRequest without a usable address or member id,
	// or with others than the connection's streams before it.
	ReasonBadIntroduction Reason = "bad_introduction"
	// ReasonNotAdmitted: Policy.Admit refused.
	ReasonNotAdmitted Reason = "not_admitted"
	// ReasonUnexpected: a message that has no place after the introduction.
	ReasonUnexpected Reason = "unexpected_message"
	// ReasonBadBatch: an index out of range, too many messages, an unknown serializer.
	ReasonBadBatch Reason = "bad_batch"
	// ReasonForeignSender: a sender at another address than the peer's own.
	ReasonForeignSender Reason = "foreign_sender"
	// ReasonBadProtobuf: bytes that are not of the type they claim, or hold far more
	// parts than bytes.
	ReasonBadProtobuf Reason = "bad_protobuf"
	// ReasonTooLarge: longer than MaxMessageBytes.
	ReasonTooLarge Reason = "too_large"
	// ReasonPanic: what handled the stream panicked.
	ReasonPanic Reason = "panic"
)

// Reasons that cost a single message.
const (
	// ReasonSystemMessage: a message of the engine itself.
	ReasonSystemMessage Reason = "system_message"
	// ReasonUnknownType: a type that this process does not know.
	ReasonUnknownType Reason = "unknown_type"
	// ReasonNotAllowed: Policy.Allow refused.
	ReasonNotAllowed Reason = "not_allowed"
	// ReasonUnknownMessage: a kind of message between nodes that this version of the
	// engine does not know.
	ReasonUnknownMessage Reason = "unknown_message"
)

// A manner is how a reason is told.
type manner struct {
	// code and text go to the peer, where it gets an answer.
	code codes.Code
	text string
}

// manners has every reason.
var manners = map[Reason]manner{
	ReasonEvicted:   {},
	ReasonTooSlow:   {},
	ReasonTooMuch:   {},
	ReasonHandshake: {},
	ReasonNotHTTP2:  {},
	ReasonBroken:    {},
	ReasonReplaced:  {},

	ReasonTooMany: {codes.ResourceExhausted,
		"this node has as many peers as it may have; raise its limit of connections, or connect to another"},
	ReasonUnaryCall: {codes.Unimplemented,
		"nodes answer no such call; ask an actor"},
	ReasonUnknownMethod: {codes.Unimplemented,
		"nodes answer no such call; ask an actor"},
	ReasonNoIntroduction: {codes.FailedPrecondition,
		"a stream begins with a ConnectRequest that has a ServerConnection; send it first"},
	ReasonBadIntroduction: {codes.InvalidArgument,
		"a ConnectRequest names the address of its node as host:port and a member id, the same on each stream of a connection; set the advertised address"},
	ReasonNotAdmitted: {codes.PermissionDenied,
		"this node does not admit the peer; its log says why"},
	ReasonUnexpected: {codes.InvalidArgument,
		"after the ConnectRequest only batches are expected"},
	ReasonBadBatch: {codes.InvalidArgument,
		"the batch is malformed or too long; send no more messages at once than this node takes"},
	ReasonForeignSender: {codes.PermissionDenied,
		"a sender is not at the address of the ConnectRequest; a node speaks only for itself"},
	ReasonBadProtobuf: {codes.InvalidArgument,
		"a message is not of the type it names; use the same protobuf definitions"},
	ReasonTooLarge: {codes.ResourceExhausted,
		"the batch has more bytes than this node takes; send large bodies in pieces"},
	ReasonPanic: {codes.Internal,
		"this node failed to handle the stream; its log says why"},

	ReasonSystemMessage:  {},
	ReasonUnknownType:    {},
	ReasonNotAllowed:     {},
	ReasonUnknownMessage: {},
}

// drops reports whether r costs a message only.
func (r Reason) drops() bool {
	switch r {
	case ReasonSystemMessage, ReasonUnknownType, ReasonNotAllowed, ReasonUnknownMessage:
		return true
	}
	return false
}
