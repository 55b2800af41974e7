package actors

import (
	"slices"

	"bifrost/schemas"
)

// Cluster shares the limits of keys of scope cluster among nodes.
type Cluster interface {
	// Share has the cluster say, by Slots.Allow and Slots.Refuse, how many of the key's
	// slots may be in use in this process: at most limit in all nodes together. It
	// begins with none. Shared again, the key has the new limit and slots. It does not
	// block.
	Share(provider, key string, limit int, slots *Slots)
	// Unshare ends that. The slots are not touched after it.
	Unshare(provider, key string)
}

// retire ends the waiting for keys that the cluster shares no more: who waits looks at
// the keys of the next version.
func (k *keyring) retire(next *keyring) {
	for i := range k.keys {
		if k.shares(i) && !slices.Contains(next.own, k.own[i]) {
			k.own[i].retire()
		}
	}
}

// isRetired reports whether keys of this version were taken away that might have served.
func (k *keyring) isRetired() bool {
	return slices.ContainsFunc(k.own, func(s *Slots) bool { return s != nil && s.isRetired() })
}

// sharing is a provider's part in the cluster.
type sharing struct {
	cluster  Cluster // nil: there is none
	provider string
}

// share has the cluster share the keys of next, and no longer those of old that are
// not among them.
func (s sharing) share(next, old *keyring) {
	if s.cluster == nil {
		return
	}
	s.unshare(next, old)
	for i := range next.keys {
		if next.shares(i) {
			s.cluster.Share(s.provider, next.keys[i].Name, next.keys[i].Concurrency, next.own[i])
		}
	}
}

// unshare ends the sharing of those keys of old that are not among those of next.
func (s sharing) unshare(next, old *keyring) {
	if s.cluster == nil {
		return
	}
	for i := range old.keys {
		name := old.keys[i].Name
		if old.shares(i) && !slices.ContainsFunc(next.keys, func(k schemas.Key) bool { return k.Name == name && k.Scope == schemas.ScopeCluster }) {
			s.cluster.Unshare(s.provider, name)
		}
	}
}
