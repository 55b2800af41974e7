package actors

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// draw is a weighted choice in one pass over the candidates. With a session it is
// rendezvous hashing: each candidate has a score that depends on the session and on
// itself only, so the choice is the same every time, one that is left out moves
// only its own sessions, and nothing has to be remembered.
type draw struct {
	session uint64 // the sum of its name; 0: at random

	chosen int // -1: none yet
	total  float64
	least  float64
}

// consider takes candidate i, of the given sum and weight, into account.
func (d *draw) consider(i int, sum uint64, weight float64) {
	if d.session == 0 { // each candidate replaces the choice with its share
		d.total += weight
		if rand.Float64()*d.total < weight {
			d.chosen = i
		}
		return
	}
	// The least of exponential draws with rate weight: each has its share.
	share := (float64(mixed(d.session^sum)>>11) + 0.5) / (1 << 53) // between 0 and 1
	if score := -math.Log(share) / weight; d.chosen < 0 || score < d.least {
		d.chosen, d.least = i, score
	}
}

// sumOf is the same for the same text in every process.
func sumOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // it never fails
	return mixed(h.Sum64())
}

// mixed spreads what differs in a few bits of x over all of them; the finalizer of
// SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
