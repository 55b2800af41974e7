package lease

import "time"

// Slots are what a limit bounds in this process. All methods are called with the machine,
// and do not block.
type Slots interface {
	// Usage returns how many are in use, and how many are waited for.
	Usage() (used, waiting int)
	// Allow has at most n in use at once from now on, and none taken from until on.
	Allow(n int, until time.Time)
	// Refuse refuses whoever waits, and who comes, until Allow.
	Refuse()
}

// lessee is this node as who borrows slots of one limit.
type lessee struct {
	slots Slots
	size  int

	held  int       // slots that may be used
	until time.Time // before it

	sequence uint64
	asked    time.Time // when the last request was sent
	whom     string    // to whom
	open     bool      // it is not answered yet
	next     time.Time // when the next one is to be sent
	owner    string    // who lends, as far as is known; empty: nobody is known to

	used     time.Time // when there was last something to do
	troubled time.Time // since when no owner is reached, though it is needed; zero: it is
	refusing bool
}

func (l *lessee) valid(now time.Time) bool { return now.Before(l.until) }

// leased is how many slots are on loan now.
func (l *lessee) leased(now time.Time) int {
	if !l.valid(now) {
		return 0
	}
	return l.held
}

// allow sets what may be used, here and for the slots.
func (l *lessee) allow(n int, until time.Time) {
	l.held, l.until = n, until
	l.slots.Allow(n, until)
}

// wants is what is to be asked for now: what there is to do, and what is to be at hand.
func (l *lessee) wants(now time.Time, idle time.Duration, block int) (need, spare int) {
	used, waiting := l.slots.Usage()
	need = min(used+waiting, l.size)
	if used+waiting > 0 {
		l.used = now
	}
	if !l.used.IsZero() && now.Sub(l.used) < idle {
		spare = min(block, l.size-need)
	}
	return need, spare
}

// idle reports whether there is nothing to ask for and nothing to give back.
func (l *lessee) idle(now time.Time, need, spare int) bool {
	return need+spare == 0 && l.leased(now) == 0 && !l.refusing
}

// lower makes room for a request of fewer slots than are held: none is used after it that
// the request does not name.
func (l *lessee) lower(now time.Time, to int) {
	if l.valid(now) && to < l.held {
		l.allow(to, l.until)
	}
}

// trouble notes that no owner was reached.
func (l *lessee) trouble(now time.Time) {
	if l.troubled.IsZero() {
		l.troubled = now
	}
}

// patience refuses who waits when no owner has been reached for too long, and reports
// whether it begins to.
func (l *lessee) patience(now time.Time, need int, patience time.Duration) bool {
	if need == 0 && !l.refusing {
		l.troubled = time.Time{}
	}
	if l.refusing || l.troubled.IsZero() || l.valid(now) || now.Sub(l.troubled) < patience {
		return false
	}
	l.refusing = true
	l.slots.Refuse()
	return true
}
