package gossip

import "time"

// State is what is known of a member's life.
type State int

const (
	// Alive: it answers.
	Alive State = iota + 1
	// Lost: it has not answered for some seconds. It is tried again, and forgotten
	// after five minutes.
	Lost
	// Left: it has said goodbye. It is forgotten after half a minute.
	Left
)

// String returns the state's name in lower case.
func (s State) String() string {
	switch s {
	case Alive:
		return "alive"
	case Lost:
		return "lost"
	case Left:
		return "left"
	}
	return "unknown"
}

// Load is how busy one provider of a node is.
type Load struct {
	// Provider is its name, of 1 to 128 bytes.
	Provider string
	// Free is the number of free workers and free places in the mailbox, Capacity
	// how many there are. Neither is negative.
	Free, Capacity int64
}

// Member is another node of the cluster, at one moment. It is the holder's own.
type Member struct {
	// Address is where it takes calls, "host:port"; it is also its name.
	Address string
	// Run is the id of its run: a node that was restarted has another one.
	Run string
	// Version is that of its program.
	Version string
	State   State
	// Since is when it came into this state, by the clock of this node.
	Since time.Time
	// Load has what it last said of its providers, sorted by name. Empty for one that
	// is not alive, and when it has said nothing for 10 seconds.
	Load []Load
	// LoadAge is how long ago the newest part of Load came in; 0 without Load.
	LoadAge time.Duration
}
