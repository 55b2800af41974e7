package schemas

import "time"

// PeerState is what a node thinks of another one.
type PeerState string

// The states of a peer.
const (
	PeerConnecting PeerState = "connecting" // not reached yet
	PeerUp         PeerState = "up"
	PeerLost       PeerState = "lost"    // was not heard of in time, or could not be reached; it is tried again
	PeerLeaving    PeerState = "leaving" // stops, and gets nothing new
)

// PeerStats is one other node, as this one sees it. Counters only grow.
type PeerStats struct {
	Address string
	State   PeerState
	Version string // of the program there; empty: not known

	// RoundTrip is the time of the last heartbeat to the peer and back; zero: none yet.
	RoundTrip time.Duration
	// Credits is how many calls may be with the peer at once, InFlight how many are.
	Credits, InFlight int
	// Serving is how many calls of the peer are here.
	Serving int
	// Buffered is how many bytes wait to be written to the peer.
	Buffered int

	Calls   uint64 // sent to the peer
	Lost    uint64 // of those, unanswered when the peer was lost
	Refused uint64 // not sent for want of a credit
	Spilled uint64 // of Calls, those that had no place here
	Losses  uint64 // how often the peer was lost
}
