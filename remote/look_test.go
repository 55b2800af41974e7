package remote

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	v1 "bifrost/remote/bifrostv1"
)

// reaching returns a router whose peers are being reached for the first time. Nobody does:
// the tests say what is known of them.
func reaching(t *testing.T, peers int) *Router {
	r := &Router{node: &Node{ctx: t.Context(), began: time.Now()}, provider: there}
	for range peers {
		r.peers = append(r.peers, newPeer(r.node, bareThere, false))
	}
	return r
}

// comesUp is what happens when a peer is reached, and says that it has the provider.
func comesUp(p *peer) {
	p.reached()
	p.learn(&v1.Heartbeat{Sequence: 1, Run: "there", Providers: []*v1.Provider{{Name: there, Free: 1}}})
}

func TestAPeerThatComesUpWhileACallLooksForOneIsFound(t *testing.T) {
	r := reaching(t, 1)
	looks := 0
	err := r.look(t.Context(), func() bool {
		up := len(r.candidates()) > 0
		if looks++; looks == 1 {
			comesUp(r.peers[0])
		}
		return up
	})
	if err != nil || looks != 2 {
		t.Errorf("got %v after %d looks", err, looks)
	}
}

func TestACallGoesToTheFirstPeerThatIsUpWhileOthersAreStillBeingReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reaching(t, 3)
		began := time.Now()
		time.AfterFunc(10*time.Millisecond, func() { comesUp(r.peers[1]) })
		if err := r.look(t.Context(), func() bool { return len(r.candidates()) > 0 }); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > 10*time.Millisecond+lookAgain {
			t.Errorf("it waited for %v", waited)
		}
	})
}

func TestACallWaitsUntilEachPeerIsKnownToBeAwayAndNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reaching(t, 2)
		began := time.Now()
		for i, p := range r.peers {
			time.AfterFunc(time.Duration(i+1)*time.Second, func() { p.missed(errors.New("away")) })
		}
		err := r.look(t.Context(), func() bool { return len(r.candidates()) > 0 })
		if waited := time.Since(began); !errors.Is(err, errNoPeer) || waited != 2*time.Second {
			t.Errorf("got %v after %v", err, waited)
		}
		if _, ok := r.known(); ok || time.Since(began) != 2*time.Second {
			t.Errorf("a peer is known after %v", time.Since(began))
		}
	})
}
