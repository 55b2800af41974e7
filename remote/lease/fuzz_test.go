package lease

import (
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
)

// FuzzReceive gives an owner whatever a peer may send: it must go on, and lend no more
// than the limit to others.
func FuzzReceive(f *testing.F) {
	f.Add(uint8(0), []byte{}, []byte{})
	for kind, m := range []proto.Message{&v1.LeaseBallot{Limit: limitName, Run: "r", Round: 1}, &v1.LeaseVote{Limit: limitName, Given: true},
		&v1.LeaseRequest{Limit: limitName, Run: "r", Sequence: 1, Size: 5, Held: 1 << 31, Wanted: 1 << 31}, &v1.LeaseGrant{Limit: limitName, Slots: 9}} {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(kind), data, data)
	}
	f.Fuzz(func(t *testing.T, kind uint8, one, two []byte) {
		fleet := newFleet(seeded{rand.New(rand.NewPCG(1, 1))}, 1, 5)
		fleet.pass(6*time.Second, func() {})
		s := fleet.nodes[0]
		s.call(2, time.Minute)
		fleet.pass(time.Second, func() {})
		for _, data := range [][]byte{one, two} {
			message := []proto.Message{&v1.LeaseBallot{}, &v1.LeaseVote{}, &v1.LeaseRequest{}, &v1.LeaseGrant{}}[kind%4]
			if proto.Unmarshal(data, message) != nil {
				continue
			}
			s.machine.Receive(s.clock(), "10.0.0.9:7600", message)
			s.tick()
			fleet.pass(time.Second, func() {})
		}
		if len(s.calls) > 5 {
			t.Errorf("%d calls", len(s.calls))
		}
	})
}
