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
	for i := range old.keys {
		name := old.keys[i].Name
		if old.shares(i) && !slices.ContainsFunc(next.keys, func(k schemas.Key) bool { return k.Name == name && k.Scope == schemas.ScopeCluster }) {
			s.cluster.Unshare(s.provider, name)
		}
	}
	for i := range next.keys {
		if next.shares(i) {
			s.cluster.Share(s.provider, next.keys[i].Name, next.keys[i].Concurrency, next.own[i])
		}
	}
}
