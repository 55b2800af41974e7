package observe

import (
	"math/bits"
	"time"
)

// span of a Window, in seconds.
const windowSeconds = 10

// lately is the last ten seconds, one slot for each second. It is not safe for
// concurrent use.
type lately struct {
	slots [windowSeconds]second
}

// second is what ended within one second.
type second struct {
	unix                 int64 // which one; another one's slot is empty
	latency, wait, first scale
	answered             uint64
	tokens               tokens
}

// at returns the slot of a moment, emptied if it was of an earlier second.
func (l *lately) at(now time.Time) *second {
	unix := now.Unix()
	s := &l.slots[uint64(unix)%windowSeconds]
	if s.unix != unix {
		*s = second{unix: unix}
	}
	return s
}

// window sums up the seconds that are not over for too long. age is that of what is
// recorded at all: before ten seconds have passed, rates are of what has.
func (l *lately) window(now time.Time, age time.Duration) Window {
	var latency, wait, first scale
	var answered uint64
	var sum tokens
	for i := range l.slots {
		s := &l.slots[i]
		if ago := now.Unix() - s.unix; ago < 0 || ago >= windowSeconds {
			continue
		}
		latency.add(&s.latency)
		wait.add(&s.wait)
		first.add(&s.first)
		answered += s.answered
		sum.add(s.tokens)
	}
	covered := windowSeconds - 1 + float64(now.Nanosecond())/1e9
	covered = max(1, min(covered, age.Seconds()))
	return Window{
		Latency: latency.percentiles(), Wait: wait.percentiles(), FirstToken: first.percentiles(),
		RequestsPerSecond:     float64(answered) / covered,
		InputTokensPerSecond:  float64(sum.input+sum.cached) / covered,
		OutputTokensPerSecond: float64(sum.output) / covered,
	}
}

// A scale counts durations by their size in microseconds: each power of two has 16
// steps, so that what is read from it is at most 1/32 off. It ends at 71 minutes.
type scale [scaleSteps]uint32

const (
	stepBits   = 4
	scaleSteps = (32 - stepBits + 1) << stepBits
)

func (s *scale) note(d time.Duration) { s[stepOf(d)]++ }

func stepOf(d time.Duration) int {
	us := min(uint64(max(d.Microseconds(), 0)), 1<<32-1)
	if us < 1<<stepBits {
		return int(us)
	}
	shift := bits.Len64(us) - stepBits - 1
	return shift<<stepBits + int(us>>shift)
}

// middleOf is the duration in the middle of a step.
func middleOf(step int) time.Duration {
	if step < 1<<stepBits {
		return time.Duration(step) * time.Microsecond
	}
	shift := step>>stepBits - 1
	least := (step - shift<<stepBits) << shift
	return time.Duration(least)*time.Microsecond + time.Duration(1<<shift)*time.Microsecond/2
}

func (s *scale) add(more *scale) {
	for i, n := range more {
		s[i] += n
	}
}

func (s *scale) percentiles() Percentiles {
	total := 0
	for _, n := range s {
		total += int(n)
	}
	return Percentiles{Count: total, P50: s.quantile(total, 50), P95: s.quantile(total, 95), P99: s.quantile(total, 99)}
}

// quantile is the smallest duration that percent of the total are not above.
func (s *scale) quantile(total, percent int) time.Duration {
	rank, seen := (total*percent+99)/100, 0
	for step, n := range s {
		if seen += int(n); seen >= rank && n > 0 {
			return middleOf(step)
		}
	}
	return 0
}
