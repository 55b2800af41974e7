package remote

import (
	"testing"
	"time"
)

func TestWhatOthersTellOfAPeersLoadsCountsOnlyWhereItsOwnWordIsOlder(t *testing.T) {
	t.Parallel()
	const address = "127.0.0.1:1"
	n := &Node{peers: map[string]*peer{}}
	p := newPeer(n, address, false)
	n.peers[address] = p
	for _, c := range []struct {
		own, told time.Duration // ages
		want      int
	}{
		{own: 0, told: 0, want: 9},
		{own: time.Second, told: 0, want: 9},
		{own: 3 * time.Second, told: 2 * time.Second, want: 9},
		{own: 3 * time.Second, told: 0, want: 2},
		{own: 8 * time.Second, told: 5 * time.Second, want: 2},
	} {
		p.offers, p.offered = map[string]offer{"a": {free: 9}}, time.Now().Add(-c.own)
		n.SetLoads(address, c.told, []Load{{"a", 2, 10}, {"never offered", 5, 5}})
		if got := p.offers["a"].free; got != c.want || len(p.offers) != 1 {
			t.Errorf("%+v: got %d free places of %d providers", c, got, len(p.offers))
		}
	}
	n.SetLoads("127.0.0.1:2", 0, []Load{{"a", 2, 10}}) // nobody knows it
}
