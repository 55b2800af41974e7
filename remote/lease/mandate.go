package lease

import "time"

// mandate says until when this node is the owner of one limit: it counts the votes.
type mandate struct {
	round uint64
	sent  time.Time // when the ballots of this round were sent
	votes map[string]bool
	open  bool      // the round is under way
	until time.Time // this node is the owner before it
	next  time.Time // when the next round begins
}

func (m *mandate) holds(now time.Time) bool { return now.Before(m.until) }

// begin begins a round.
func (m *mandate) begin(now time.Time, round uint64) {
	m.round, m.sent, m.votes, m.open = round, now, make(map[string]bool), true
}

// count counts a vote, which holds for lasts from when it was asked for. It reports
// whether needed votes, a majority, have come with it.
func (m *mandate) count(now time.Time, voter string, round uint64, needed int, lasts time.Duration) bool {
	if !m.open || round != m.round {
		return false
	}
	m.votes[voter] = true
	until := m.sent.Add(lasts)
	if len(m.votes) < needed || !now.Before(until) {
		return false
	}
	m.open = false
	m.until = until
	return true
}
