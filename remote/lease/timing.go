package lease

import "time"

// Timing is the machine's clockwork. The zero value is not usable; see DefaultTiming.
type Timing struct {
	Term     time.Duration // how long a vote, and a lease, holds; the same on all nodes
	Margin   time.Duration // by how much who asked counts less, for clocks of different speed
	Renew    time.Duration // between two ballots of an owner, and two requests of who has what it needs
	Poll     time.Duration // between two requests of who has less than it needs
	Answer   time.Duration // how long an answer is waited for
	Idle     time.Duration // without use, before slots are given back
	Patience time.Duration // without an owner, before who waits is refused
	Turn     time.Duration // how long one node has a slot of which there are fewer than nodes
}

// DefaultTiming is that of a real network.
func DefaultTiming() Timing {
	return Timing{Term: 5 * time.Second, Margin: 250 * time.Millisecond, Renew: time.Second, Poll: 100 * time.Millisecond,
		Answer: 500 * time.Millisecond, Idle: 2 * time.Second, Patience: 7 * time.Second, Turn: time.Second}
}
