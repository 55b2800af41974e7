package guard

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	defaultMessageBytes = 4 << 20
	defaultEnvelopes    = 1024
	defaultConnections  = 256
	defaultStrangers    = 64

	// maxPerAddress is how many connections may claim one address: a peer needs
	// one, and may have lost others that it does not know to be dead.
	maxPerAddress = 4

	// introductionLimit is the time from accepting a connection to its ConnectRequest.
	introductionLimit = 5 * time.Second

	// lingering is how long a refused connection stays, so that the reason gets to
	// its other end: a close with unread bytes would take it back.
	lingering = 500 * time.Millisecond

	// maxStrangerBytes is what a connection may send before it has introduced itself.
	// An introduction is below 1 KiB.
	maxStrangerBytes = 128 << 10
)

// A Policy says what peers may do. Each number that is zero or less means its default.
// The callbacks are called from the goroutines of streams, several at a time, and must
// not block: a stream's messages wait for them.
type Policy struct {
	// MaxMessageBytes limits one incoming gRPC message, which is a batch. A longer
	// one is refused by the length that it announces. Default: 4 MiB.
	MaxMessageBytes int
	// MaxEnvelopes limits the messages of a batch. Default: 1024.
	MaxEnvelopes int
	// MaxConnections limits the connections that have introduced themselves; further
	// ones are refused. Of one address there are at most four: a fifth closes the
	// oldest. Default: 256.
	MaxConnections int
	// MaxStrangers limits the connections that have not; one more closes an old one.
	// Default: 64.
	MaxStrangers int

	// Credentials are of the server's side. nil: plaintext.
	Credentials credentials.TransportCredentials

	// Admit is asked about each stream that introduces itself. An error refuses it
	// and closes the connection; its text is logged, so it must not quote content.
	// nil: everybody is admitted.
	Admit func(p Peer) error
	// Allow reports whether peers may send a message of the type to the local actor.
	// It is not asked about types that never pass. nil: nothing is allowed.
	Allow func(target, typeName string) bool
	// Heard is called after each accepted batch, before the engine gets it. nil: nobody
	// listens.
	Heard func(p Peer)
	// Gone is called once for each introduced stream, when it has ended. nil: nobody
	// listens.
	Gone func(p Peer)

	// Log gets the offences, as warnings. Zero: silent.
	Log zerolog.Logger
}

// A Peer is who has introduced itself on a stream.
type Peer struct {
	// Address is where it claims to be reached, as host:port.
	Address string
	// MemberID is the id of its actor system, by its own word.
	MemberID string
	// Remote is the connection's other end.
	Remote net.Addr
	// TLS is the connection's state, with the verified chains. nil: plaintext. It is
	// shared, and read only.
	TLS *tls.ConnectionState
}

// withDefaults returns p with every gap filled.
func (p Policy) withDefaults() Policy {
	fill(&p.MaxMessageBytes, defaultMessageBytes)
	fill(&p.MaxEnvelopes, defaultEnvelopes)
	fill(&p.MaxConnections, defaultConnections)
	fill(&p.MaxStrangers, defaultStrangers)
	if p.Credentials == nil {
		p.Credentials = insecure.NewCredentials()
	}
	if p.Admit == nil {
		p.Admit = func(Peer) error { return nil }
	}
	if p.Allow == nil {
		p.Allow = func(string, string) bool { return false }
	}
	if p.Heard == nil {
		p.Heard = func(Peer) {}
	}
	if p.Gone == nil {
		p.Gone = func(Peer) {}
	}
	return p
}

func fill(field *int, value int) {
	if *field <= 0 {
		*field = value
	}
}
