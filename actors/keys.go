package actors

import (
	"fmt"
	"net/http"
	"time"

	"bifrost/schemas"
)

// How long a key rests after the provider refused it.
const (
	restRefused = 30 * time.Second // 401, 402, a spent quota; 403 for the model that was asked for
	restLimited = time.Second      // 429 that names no delay
	restLongest = time.Hour        // whatever delay it names
)

// keyring chooses among a provider's keys and remembers which of them rest. It is
// safe for concurrent use.
type keyring struct {
	keys []schemas.Key // immutable
	rest []*rests      // by key; what stays a key through a reload shares its rests
	own  []*Slots      // by key, likewise; nil: it has no limit of its own
	sums []uint64      // by key; of its value, for the choice by session
}

func newKeyring(keys []schemas.Key) *keyring {
	k := &keyring{keys: make([]schemas.Key, len(keys)), rest: make([]*rests, len(keys)), own: make([]*Slots, len(keys)),
		sums: make([]uint64, len(keys))}
	copy(k.keys, keys)
	for i := range k.keys {
		if k.keys[i].Name == "" {
			k.keys[i].Name = fmt.Sprintf("key-%d", i+1)
		}
		if k.keys[i].Weight == 0 {
			k.keys[i].Weight = 1
		}
		k.rest[i] = &rests{}
		if n := k.keys[i].Concurrency; n > 0 {
			k.own[i] = NewSlots(n)
			if k.shares(i) {
				k.own[i].Allow(0, time.Time{}) // until the cluster says more
			}
		}
		k.sums[i] = sumOf(k.keys[i].Value)
	}
	return k
}

// inherit takes over the rests of keys that are also in old, and their slots with what
// is in use of them. Nobody else may use k yet.
func (k *keyring) inherit(old *keyring) {
	for i := range k.keys {
		for j := range old.keys {
			if k.keys[i].Value == old.keys[j].Value {
				k.rest[i] = old.rest[j]
				k.inheritSlots(i, old, j)
			}
		}
	}
}

func (k *keyring) inheritSlots(i int, old *keyring, j int) {
	if k.own[i] == nil || old.own[j] == nil {
		return
	}
	k.own[i] = old.own[j]
	if k.shares(i) && !old.shares(j) {
		k.own[i].Allow(0, time.Time{}) // until the cluster says more
	}
}

// settle sets the limits that are not the cluster's affair.
func (k *keyring) settle() {
	for i := range k.keys {
		if k.own[i] != nil && !k.shares(i) {
			k.own[i].Allow(k.keys[i].Concurrency, time.Time{})
		}
	}
}

// shares reports whether all nodes share the key's limit.
func (k *keyring) shares(i int) bool {
	return k.own[i] != nil && k.keys[i].Scope == schemas.ScopeCluster
}

// pick returns the index of a key for model, by weight among those that serve it
// and do not rest: at random, or the same one for the same session. -1 without an
// error means that the provider has no keys.
func (k *keyring) pick(model, session string, now time.Time) (int, *schemas.Error) {
	return k.pickOf(model, session, now, func(int) bool { return true })
}

// pickOf is pick among those keys that may be used now. If none may, though one would be
// picked otherwise, the error is errKeysFull.
func (k *keyring) pickOf(model, session string, now time.Time, may func(i int) bool) (int, *schemas.Error) {
	if len(k.keys) == 0 {
		return -1, nil
	}
	serving, full := false, false
	var soonest time.Time
	best := draw{chosen: -1}
	if session != "" {
		best.session = sumOf(session)
	}
	for i := range k.keys {
		if !k.keys[i].Serves(model) {
			continue
		}
		serving = true
		if until := k.rest[i].until(model); until.After(now) {
			if soonest.IsZero() || until.Before(soonest) {
				soonest = until
			}
			continue
		}
		if !may(i) {
			full = true
			continue
		}
		best.consider(i, k.sums[i], k.keys[i].Weight)
	}
	switch {
	case best.chosen >= 0:
		return best.chosen, nil
	case full:
		return -1, errKeysFull
	case !serving:
		return -1, &schemas.Error{Kind: schemas.KindNotFound,
			Message: "none of the provider's keys lists this model; add it to the models of a key"}
	}
	return -1, &schemas.Error{Kind: schemas.KindRateLimited, Reason: schemas.ReasonKeysResting,
		RetryAfter: soonest.Sub(now), Message: "every key for this model rests after the provider refused it; retry later"}
}

// learn notes what an attempt with a key says about the key: one that was refused
// or limited rests. A 403 may be about the model, so only the two together rest.
// refused reports whether somebody should look at the key.
func (k *keyring) learn(i int, model string, err *schemas.Error, now time.Time) (refused bool) {
	if i < 0 || err == nil || err.StatusCode == 0 {
		return false
	}
	switch {
	case err.Kind == schemas.KindUnauthorized && err.StatusCode == http.StatusForbidden:
		k.rest[i].forModel(model, now.Add(restRefused), now)
	case err.Kind == schemas.KindUnauthorized, err.QuotaSpent:
		k.rest[i].whole(now.Add(restRefused))
	case err.Kind == schemas.KindRateLimited:
		k.rest[i].whole(now.Add(min(max(err.RetryAfter, restLimited), restLongest)))
		return false
	default:
		return false
	}
	return true
}

// tellRest tells who was limited without a delay when a key for model is there again, if
// all of them rest.
func (k *keyring) tellRest(model string, err *schemas.Error, now time.Time) {
	if err.Kind != schemas.KindRateLimited || err.RetryAfter > 0 || err.QuotaSpent {
		return
	}
	if _, resting := k.pick(model, "", now); resting != nil {
		err.RetryAfter = resting.RetryAfter
	}
}

// KeyStats is one key's state. It has the key's name, never its value.
type KeyStats struct {
	Name         string
	RestingUntil time.Time // zero, or in the past: it does not rest

	Concurrency int // the key's own limit, of scope cluster that of all nodes; 0: it has none
	Slots       int // of those, how many this process may use now
	InUse       int // attempts here; counted only if there is a limit
	Waiting     int // attempts that wait for a slot
}

func (k *keyring) stats() []KeyStats {
	out := make([]KeyStats, len(k.keys))
	for i := range k.keys {
		out[i] = KeyStats{Name: k.keys[i].Name, RestingUntil: k.rest[i].until("")}
		if s := k.own[i]; s != nil {
			out[i].Concurrency = k.keys[i].Concurrency
			out[i].Slots, out[i].InUse, out[i].Waiting = s.stats()
		}
	}
	return out
}
