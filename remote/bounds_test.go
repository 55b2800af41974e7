package remote

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// called returns a call at a peer that is never reached, and what it ended with.
func called(t *testing.T) (c *call, how *[]outcome) {
	t.Helper()
	n := &Node{self: actor.NewPID("127.0.0.1:1", nodeID)}
	l := newLink(newPeer(n, "127.0.0.1:2", false), 1)
	l.severed = true
	how = new([]outcome)
	c = &call{id: 1, link: l, notify: make(chan struct{}, 1), window: windowBytes + pieceBytes, granted: time.Now(),
		end: func(o outcome) { *how = append(*how, o) }}
	if entered, _ := l.enter(c, 1, func() {}); !entered {
		t.Fatal("it has no credit")
	}
	return c, how
}

func TestSmallPiecesTakeNoMoreMemoryThanTheirBytes(t *testing.T) {
	c, _ := called(t)
	c.put(&v1.Response{More: v1.More_MORE_BYTES}, 0, false, completed)
	for range windowBytes {
		c.put(&v1.ResponsePart{Data: []byte{'x'}}, 1, false, completed)
		c.put(&v1.ResponsePart{}, 0, false, completed)
	}
	if n := len(c.inbox); n > 1+windowBytes/pieceBytes+1 {
		t.Errorf("%d messages wait", n)
	}
	c.put(&v1.ResponsePart{Last: true}, 0, true, completed)
	total := 0
	for {
		m, err := c.take()
		if err != nil {
			t.Fatal(err)
		}
		if part, ok := m.(*v1.ResponsePart); ok {
			total += len(part.Data)
			if part.Last {
				break
			}
		}
	}
	if total != windowBytes {
		t.Errorf("%d bytes of %d arrived", total, windowBytes)
	}
}

func TestSmallChunksArriveAsTheyWereSent(t *testing.T) {
	c, how := called(t)
	c.put(&v1.Response{More: v1.More_MORE_CHUNKS}, 0, false, completed)
	for i := range 5000 {
		text := strconv.Itoa(i)
		c.put(&v1.ResponsePart{Chunks: [][]byte{[]byte(text)}}, len(text), false, completed)
	}
	c.put(&v1.ResponsePart{Last: true}, 0, true, completed)
	next := 0
	for {
		m, err := c.take()
		if err != nil {
			t.Fatal(err)
		}
		part, ok := m.(*v1.ResponsePart)
		if !ok {
			continue
		}
		for _, chunk := range part.Chunks {
			if string(chunk) != strconv.Itoa(next) {
				t.Fatalf("chunk %d is %q", next, chunk)
			}
			next++
		}
		if part.Last {
			break
		}
	}
	if next != 5000 || len(*how) != 1 || (*how)[0] != completed {
		t.Errorf("%d chunks arrived, and it ended with %v", next, *how)
	}
}

func TestMoreThanTheWindowEndsTheCallOnce(t *testing.T) {
	c, how := called(t)
	c.put(&v1.Response{More: v1.More_MORE_BYTES}, 0, false, completed)
	for range 10 {
		c.put(&v1.ResponsePart{Data: make([]byte, pieceBytes)}, pieceBytes, false, completed)
	}
	c.put(&v1.ResponsePart{Last: true}, 0, true, completed)
	c.stop(errClosed, cancelled)
	c.lost(lostError("x", "y"))
	if len(*how) != 1 || (*how)[0] != failed || c.link.inFlight() != 0 {
		t.Errorf("it ended with %v, and %d are in flight", *how, c.link.inFlight())
	}
	for {
		if _, err := c.take(); err != nil {
			var e *schemas.Error
			if !errors.As(err, &e) || e.Kind != schemas.KindUpstream {
				t.Errorf("got %v", err)
			}
			return
		}
	}
}

// A reader that is slow reads all the same, and the other side must see it.
func TestASlowReaderGrantsFromTimeToTime(t *testing.T) {
	c, _ := called(t)
	c.held = 1000
	c.read(500)
	if n := c.link.out.buffered(); n != 0 {
		t.Errorf("%d bytes of grants were sent for little, and at once", n)
	}
	c.granted = time.Now().Add(-grantEvery)
	c.read(500)
	if c.link.out.buffered() == 0 || c.consumed != 0 {
		t.Error("nothing was granted")
	}
}

// counting is a context whose followers are counted.
type counting struct {
	context.Context
	followers int
}

// Done never comes.
func (c *counting) Done() <-chan struct{} { return make(chan struct{}) }

// AfterFunc is what context.AfterFunc asks for.
func (c *counting) AfterFunc(func()) func() bool {
	c.followers++
	return func() bool { c.followers--; return true }
}

func TestACallThatHasEndedNoLongerFollowsItsContext(t *testing.T) {
	ctx := &counting{Context: context.Background()}
	for range 10 {
		c, _ := called(t)
		c.follow(ctx, func() error { return nil })
		c.put(&v1.Response{More: v1.More_MORE_CHUNKS}, 0, false, completed)
		c.put(&v1.ResponsePart{Last: true}, 0, true, completed)
	}
	if ctx.followers != 0 {
		t.Errorf("%d calls follow it still", ctx.followers)
	}
}

func asking(address string, call uint64, m *v1.Request) *served {
	m.Call = call
	return &served{key: servedKey{address, nodeID, call}, req: m, changed: make(chan struct{}, 1)}
}

func TestTheDeskBoundsCallsAndBytesOfEachPeerAndOfAll(t *testing.T) {
	d := newDesk(context.Background())
	const big = maxRequestBytes - 1000
	var in []*served
	enter := func(address string, call, size uint64) schemas.Reason {
		s := asking(address, call, &v1.Request{Size: size})
		why := d.enter(s, 3)
		if why == nil {
			in = append(in, s)
			return ""
		}
		return why.Reason
	}
	for i, one := range []struct {
		address string
		size    uint64
		want    schemas.Reason
	}{
		{"a", big, ""}, {"a", big, ""}, {"a", big, schemas.ReasonNoCredit}, {"a", 1, ""}, {"a", 1, schemas.ReasonNoCredit},
		{"b", big, ""}, {"b", 1, ""}, {"b", 1, ""}, {"b", 1, schemas.ReasonNoCredit},
		{"c", big, ""}, {"c", big, schemas.ReasonNoCredit}, {"d", 1, ""},
	} {
		if why := enter(one.address, uint64(i), one.size); why != one.want {
			t.Errorf("%d: %s with %d bytes: got %q, want %q", i, one.address, one.size, why, one.want)
		}
	}
	for _, s := range in {
		d.leave(s)
		d.work.Done()
	}
	if d.bodies != 0 || len(d.peers) != 0 || len(d.sizes) != 0 || len(d.calls) != 0 {
		t.Errorf("it holds %d bytes, %v, %v, %v", d.bodies, d.peers, d.sizes, d.calls)
	}
	d.refuse()
	if why := enter("a", 1, 1); why != schemas.ReasonDraining {
		t.Errorf("closing: got %q", why)
	}
	d.work.Wait()
}

func TestTheDeskRefusesWhatCannotBe(t *testing.T) {
	d := newDesk(context.Background())
	for name, m := range map[string]*v1.Request{
		"too large":        {Size: maxRequestBytes + 1},
		"endless headers":  {Raw: &v1.RawCall{Path: strings.Repeat("x", maxRequestBytes)}},
		"longer than said": {Size: 1, Body: []byte("xx")},
	} {
		if why := d.enter(asking("a", 1, m), 3); why == nil || why.Kind != schemas.KindInvalidRequest {
			t.Errorf("%s: got %v", name, why)
		}
	}
	if d.enter(asking("a", 1, &v1.Request{}), 3) != nil {
		t.Fatal("an ordinary one is refused")
	}
	if why := d.enter(asking("a", 1, &v1.Request{}), 3); why == nil || why.Kind != schemas.KindInvalidRequest {
		t.Errorf("the same number: got %v", why)
	}
}

func TestABodyIsNotKeptBeyondItsSize(t *testing.T) {
	s := asking("a", 1, &v1.Request{Size: 10})
	s.part([]byte("12345"))
	s.part(make([]byte, 1<<20))
	if len(s.body) != 5 {
		t.Errorf("it has %d bytes", len(s.body))
	}
	if _, err := s.whole(context.Background()); err == nil {
		t.Error("it is taken for whole")
	}
}

func TestOnlyCallsBeforeAnIntroductionAreGivenUp(t *testing.T) {
	d := newDesk(context.Background())
	old, own, other := asking("a", 1, &v1.Request{}), asking("a", 2, &v1.Request{}), asking("b", 1, &v1.Request{})
	old.intro, own.intro = 1, 2
	for _, s := range []*served{old, own, other} {
		if why := d.enter(s, 10); why != nil {
			t.Fatal(why)
		}
	}
	d.cancel("a", errGivenUp, 2)
	if old.ctx.Err() == nil || own.ctx.Err() != nil || other.ctx.Err() != nil {
		t.Errorf("got %v, %v, %v", old.ctx.Err(), own.ctx.Err(), other.ctx.Err())
	}
}

func TestAFloodOfRefusalsIsBoundedForEachPeer(t *testing.T) {
	r := newRefusals()
	for i := range uint64(1000) {
		r.put(refusal{key: servedKey{"hostile", nodeID, i}}, 10)
	}
	r.put(refusal{key: servedKey{"honest", nodeID, 1}}, 10)
	if all := r.take(); len(all) != 11 || all[10].key.address != "honest" {
		t.Errorf("%d wait", len(all))
	}
}

// A guest that the configuration names later, or a source of peers, stays.
func TestAGuestThatBecomesAMemberIsNotForgotten(t *testing.T) {
	n := &Node{peers: map[string]*peer{}}
	p := newPeer(n, "127.0.0.1:2", true)
	n.peers[p.address] = p
	if n.peer(p.address, true) != p || !p.isGuest() {
		t.Fatal("it is no guest")
	}
	if n.peer(p.address, false) != p || n.forget(p) || n.known(p.address) != p {
		t.Error("it was forgotten")
	}
	p.setGuest(true)
	if !n.forget(p) || n.known(p.address) != nil {
		t.Error("a guest is not forgotten")
	}
}

func TestOneHostCannotMakeUpAllGuests(t *testing.T) {
	n := &Node{peers: map[string]*peer{}}
	for i := range maxHostGuests {
		address := "10.0.0.1:" + strconv.Itoa(i+1)
		n.peers[address] = newPeer(n, address, true)
	}
	if !n.isCrowdedLocked("10.0.0.1:9999") || n.isCrowdedLocked("10.0.0.2:1") {
		t.Error("the bound is not of each host")
	}
}

func TestAHeartbeatFitsIntoAMessage(t *testing.T) {
	m := &v1.Heartbeat{}
	for range 20 {
		m.Providers = append(m.Providers, &v1.Provider{Name: "p", Models: []string{strings.Repeat("x", 20<<10)}, Info: make([]byte, 10<<10)})
	}
	shorten(m)
	if n := len(m.Providers); proto.Size(m) > maxMessageBytes || n != 20 || !m.Providers[0].AllModels || m.Providers[0].Models != nil {
		t.Errorf("it has %d bytes and %d providers", proto.Size(m), n)
	}
	m.Providers[0].Info = make([]byte, 2*maxMessageBytes)
	shorten(m)
	if proto.Size(m) > maxMessageBytes {
		t.Errorf("it has %d bytes", proto.Size(m))
	}
}

func TestTheLedgerAddsUpAfterEachStep(t *testing.T) {
	var g ledger
	steps := []func(){g.offer, g.leave, g.offer, g.admit, func() { g.end(completed) }, g.offer, g.admit, func() { g.end(failed) },
		g.offer, func() { g.refuse(schemas.ReasonNoCredit) }, g.offer, g.admit, func() { g.end(cancelled) }, g.offer, g.admit,
		func() { g.end(deadLettered) }}
	for i, step := range steps {
		step()
		if s := g.stats(); !s.Balanced() {
			t.Fatalf("after step %d: %+v", i, s)
		}
	}
	if s := g.stats(); s.Offered != 6 || s.Admitted != 4 || s.InHand != 0 || s.Waiting != 0 || s.RefusedTotal() != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestAllAnswersTogetherAreBounded(t *testing.T) {
	c, how := called(t)
	held := &c.link.peer.node.held
	held.Store(maxBodiesBytes)
	c.put(&v1.Response{More: v1.More_MORE_BYTES}, 0, false, completed)
	if _, err := c.take(); err != nil {
		t.Fatal(err)
	}
	c.put(&v1.ResponsePart{Data: []byte("x")}, 1, false, completed)
	_, err := c.rest(nil)
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindOverloaded || held.Load() != maxBodiesBytes || len(*how) != 1 {
		t.Errorf("got %v, with %d bytes held, and it ended with %v", err, held.Load(), *how)
	}
}
