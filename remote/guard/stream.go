package guard

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"unicode"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

const (
	maxAddress  = 261 // a host name and a port
	maxMemberID = 128
)

// errEnding is for streams of a connection that is about to end.
var errEnding = status.Error(codes.Unavailable, "this node closes the connection; connect again later")

// refusal is what the peer is told.
func refusal(r Reason) error { return status.Error(manners[r].code, manners[r].text) }

// unary keeps the engine's unary calls away from it: they panic.
func (g *Guard) unary(ctx context.Context, _ any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	if c := connectionOf(ctx); c != nil {
		g.offend(c, fault{reason: ReasonUnaryCall})
	}
	return nil, refusal(ReasonUnaryCall)
}

// stream puts the guard between gRPC and the engine, for the life of a stream.
func (g *Guard) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	c := connectionOf(ss.Context())
	if c == nil || !g.table.begin(c) {
		return errEnding
	}
	s := &stream{ServerStream: ss, g: g, c: c}
	defer g.table.handlers.Done()
	defer func() { g.table.finish(c, s.introduced) }()
	defer func() {
		if v := recover(); v != nil {
			g.recovered(c, v)
			err = refusal(ReasonPanic)
		}
	}()
	if info.FullMethod != remote.Remoting_Receive_FullMethodName {
		return s.refuse(fault{reason: ReasonUnknownMethod})
	}
	defer s.gone()
	err = handler(srv, s)
	if err != nil && s.err == nil {
		// The stream was well, and the engine failed to read a message.
		return s.refuse(fault{reason: ReasonBadProtobuf})
	}
	return err
}

func connectionOf(ctx context.Context) *connection {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, _ := p.AuthInfo.(authInfo)
	return info.c
}

// A stream is what the engine reads from. It is touched only by the stream's handler.
type stream struct {
	grpc.ServerStream
	g *Guard
	c *connection

	peer       Peer
	introduced bool
	err        error // why no further message comes
}

// RecvMsg waits for the next message that the engine may see.
func (s *stream) RecvMsg(m any) error {
	for s.err == nil {
		msg := m.(*remote.RemoteMessage) // Receive has no other
		passes, err := s.next(msg)
		if passes {
			return nil
		}
		s.err = err
	}
	return s.err
}

// next reads one message into msg.
func (s *stream) next(msg *remote.RemoteMessage) (passes bool, err error) {
	in := incoming{message: msg, envelopes: s.g.policy.MaxEnvelopes}
	err = s.ServerStream.RecvMsg(&in)
	switch {
	case s.c.doomed.Load():
		return false, errEnding
	case status.Code(err) == codes.ResourceExhausted:
		return false, s.refuse(fault{reason: ReasonTooLarge})
	case err != nil:
		return false, err
	case in.malformed:
		return false, s.refuse(fault{reason: ReasonBadProtobuf})
	case !s.introduced:
		err = s.introduce(msg)
		return err == nil, err
	}
	f := s.g.judge.judge(msg, s.peer.Address, func(f fault) { s.g.refuse(s.c, f) })
	if f.reason != "" {
		return false, s.refuse(f)
	}
	s.g.policy.Heard(s.peer)
	return len(msg.GetMessageBatch().GetEnvelopes()) > 0, nil
}

// introduce looks at a stream's first message.
func (s *stream) introduce(msg *remote.RemoteMessage) error {
	server := msg.GetConnectRequest().GetServerConnection()
	if server == nil {
		return s.refuse(fault{reason: ReasonNoIntroduction})
	}
	p := Peer{Address: server.GetAddress(), MemberID: server.GetMemberId(), Remote: s.c.socket.RemoteAddr(), TLS: tlsOf(s.Context())}
	if !isAddress(p.Address) || !isMemberID(p.MemberID) {
		return s.refuse(fault{reason: ReasonBadIntroduction})
	}
	if err := s.g.policy.Admit(p); err != nil {
		return s.refuse(fault{reason: ReasonNotAdmitted, peer: p.Address, detail: err.Error()})
	}
	switch r := s.g.table.introduce(s.c, p); r {
	case "":
	case ReasonEvicted: // which was told
		return errEnding
	default:
		return s.refuse(fault{reason: r, peer: p.Address})
	}
	s.peer, s.introduced = p, true
	server.BlockList = nil // the engine has no use for it, and may log it
	return nil
}

func (s *stream) refuse(f fault) error {
	s.g.offend(s.c, f)
	return refusal(f.reason)
}

func (s *stream) gone() {
	if s.introduced {
		s.g.policy.Gone(s.peer)
	}
}

func tlsOf(ctx context.Context) *tls.ConnectionState {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, _ := p.AuthInfo.(authInfo)
	if t, ok := info.AuthInfo.(credentials.TLSInfo); ok {
		return &t.State
	}
	return nil
}

// isAddress reports whether s can be dialled: a host, and a port that is not 0.
func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || len(s) > maxAddress || !isPlain(s) {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func isMemberID(s string) bool { return s != "" && len(s) <= maxMemberID && isPlain(s) }

// isPlain reports whether s is printable ASCII without spaces.
func isPlain(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > unicode.MaxASCII || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
