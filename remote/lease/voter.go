package lease

import "time"

// voter is this node's vote on one limit.
type voter struct {
	candidate, run string // whom it is for
	round          uint64
	until          time.Time
}

// has reports whether the vote is given, at now, to anybody.
func (v *voter) has(now time.Time) bool { return now.Before(v.until) }

// vote gives the vote for lasts, or says no. A ballot that is not newer than the last one
// of the same candidate is void.
func (v *voter) vote(now time.Time, candidate, run string, round uint64, lasts time.Duration) bool {
	same := v.candidate == candidate && v.run == run
	if same && round <= v.round || !same && v.has(now) {
		return false
	}
	*v = voter{candidate: candidate, run: run, round: round, until: now.Add(lasts)}
	return true
}

// withdraw frees the vote, if the candidate has got it in that round or before.
func (v *voter) withdraw(candidate, run string, round uint64) {
	if v.candidate == candidate && v.run == run && round >= v.round {
		v.round, v.until = round, time.Time{}
	}
}
