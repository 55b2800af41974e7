package lease

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// first returns the member that ranks first for a limit among those that may be it, by
// rendezvous hash: each has a score of its own, so that one who comes or goes moves only
// what is its own. It is empty if there is none.
func first(limit string, members []string, may func(member string) bool) string {
	var best [sha256.Size]byte
	chosen := ""
	for _, m := range members {
		if !may(m) {
			continue
		}
		if score := scoreOf(limit, m); chosen == "" || bytes.Compare(score[:], best[:]) > 0 {
			chosen, best = m, score
		}
	}
	return chosen
}

func scoreOf(limit, member string) [sha256.Size]byte {
	return sha256.Sum256([]byte(limit + "\x00" + member))
}

// difference is how many are in one list only. Both are sorted, each member once; it does
// no harm if what another node says is not.
func difference(a, b []string) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			a, n = a[1:], n+1
		default:
			b, n = b[1:], n+1
		}
	}
	return n + len(a) + len(b)
}

// normalized returns members sorted, each once, with self among them.
func normalized(members []string, self string) []string {
	out := append(slices.Clone(members), self)
	slices.Sort(out)
	return slices.Compact(out)
}
