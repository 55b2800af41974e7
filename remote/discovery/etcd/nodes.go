package etcd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bifrost/remote/discovery"
)

// nodes are the addresses that are registered. Those that are missing after a time in
// which deletions could not be seen are doubtful: they stay for a while, and are out
// only if they have not come again by then.
type nodes struct {
	grace    time.Duration
	there    map[string]bool
	doubtful map[string]time.Time // until when
}

func newNodes(grace time.Duration) *nodes {
	return &nodes{grace: grace, there: map[string]bool{}, doubtful: map[string]time.Time{}}
}

// read takes the whole list as it is now.
func (n *nodes) read(addresses []string, now time.Time) {
	before := n.there
	n.there = map[string]bool{}
	for _, a := range addresses {
		n.put(a)
	}
	for a := range before {
		if !n.there[a] { // was there until now; who was doubtful before keeps its time
			n.doubtful[a] = now.Add(n.grace)
		}
	}
}

// put takes one more, unless there are too many already.
func (n *nodes) put(address string) {
	if len(n.there) >= discovery.MaxAddresses {
		return
	}
	n.there[address] = true
	delete(n.doubtful, address)
}

func (n *nodes) deleted(address string) {
	delete(n.there, address)
	delete(n.doubtful, address)
}

// list returns the addresses, sorted, without those whose time is over.
func (n *nodes) list(now time.Time) []string {
	maps.DeleteFunc(n.doubtful, func(_ string, until time.Time) bool { return !now.Before(until) })
	list := make([]string, 0, len(n.there)+len(n.doubtful))
	list = slices.AppendSeq(list, maps.Keys(n.there))
	list = slices.AppendSeq(list, maps.Keys(n.doubtful))
	slices.Sort(list)
	return list
}

// next is how long the list holds if nothing is heard; false means for ever.
func (n *nodes) next(now time.Time) (time.Duration, bool) {
	var first time.Time
	for _, until := range n.doubtful {
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	return max(first.Sub(now), 0), !first.IsZero()
}

// addressOf is the address that a key registers.
func addressOf(prefix, key string) (string, error) {
	address, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", fmt.Errorf("a key does not begin with %s", prefix)
	}
	return address, discovery.CheckAddress(address)
}
