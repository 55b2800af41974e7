package remote

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// The clock of a peer. What they promise: a peer that was killed is lost at once, when
// its connection closes; one that is frozen or cut off within five seconds; one that
// comes back is used within three.
const (
	heartbeatEvery = time.Second
	lookEvery      = 250 * time.Millisecond
	silentFor      = 3500 * time.Millisecond // no heartbeat was answered
	stalledFor     = 3500 * time.Millisecond // nothing is taken
	movingFor      = 3 * time.Second         // since something was taken of much, or came
	settleFor      = time.Second             // calls wait for a peer that is reached for the first time
	probeTimeout   = 2500 * time.Millisecond // four round trips, of a slow network
	probePause     = 500 * time.Millisecond
	confirmFor     = 4 * time.Second // from the probe to the first heartbeat: the peer probes and connects
	engineFor      = 3 * time.Second // the engine sleeps for two after a failed dial
	awaitEvery     = 5 * time.Millisecond
	lookAgain      = 50 * time.Millisecond // while peers are reached for the first time
	flushFor       = time.Second           // for a peer to read the last answers
	guestFor       = time.Minute           // a peer that nobody configured is forgotten
	beginFor       = 3 * time.Second       // a node may listen, and have no providers yet
)

// peer is another node: one goroutine that reaches for it, and what is known of it.
//
//	connecting ──▶ up ──▶ lost ──▶ up …
//	                └──▶ leaving ──▶ lost …
type peer struct {
	node    *Node
	address string
	pid     *actor.PID  // of the node itself
	guest   atomic.Bool // not configured, nor found: it has introduced itself

	kick    chan struct{}      // look again now; capacity 1
	beats   chan *v1.Heartbeat // to be answered
	gone    chan struct{}      // the engine has given up its connection; capacity 1
	settled chan struct{}      // closed when it is known whether it can be reached, or after settleFor
	settle  func()             // closes settled

	mu       sync.Mutex // guards what follows
	state    schemas.PeerState
	link     *link // nil: not reached
	epoch    uint64
	run      string // of the peer
	theirs   uint64 // its epoch
	intros   uint64 // how often it has introduced itself
	open     int    // connections that it has made, and which have not ended
	answered uint64 // the last heartbeat that it has answered
	credits  int    // what it grants; 0: not said
	version  string
	offers   map[string]offer
	offered  time.Time // when it has said so
	sequence uint64
	sent     time.Time // of the last heartbeat
	rtt      time.Duration
	count    counts
	refused  bool  // the engine was told not to connect
	why      error // why it is not up
}

type counts struct{ calls, lost, refused, spilled, losses uint64 }

func newPeer(n *Node, address string, guest bool) *peer {
	p := &peer{node: n, address: address, pid: actor.NewPID(address, nodeID), state: schemas.PeerConnecting,
		kick: make(chan struct{}, 1), beats: make(chan *v1.Heartbeat, 4), gone: make(chan struct{}, 1), settled: make(chan struct{})}
	p.settle = sync.OnceFunc(func() { close(p.settled) })
	p.setGuest(guest)
	return p
}

// live reaches for the peer, again and again, until ctx ends, or until a guest has
// been away for long.
func (p *peer) live(ctx context.Context) {
	patience := time.AfterFunc(settleFor, p.settle)
	defer patience.Stop()
	seen := time.Now()
	for ctx.Err() == nil {
		if err := p.probe(ctx); err != nil {
			p.missed(err)
			if time.Since(seen) > guestFor && p.node.forget(p) {
				return
			}
			p.pause(ctx)
			continue
		}
		if p.takesBack() {
			p.awaitEngine(ctx)
		}
		l := p.reached()
		p.parted(l, p.keep(ctx, l))
		if l.wasDialed() {
			p.awaitEngine(ctx)
		}
		if l.wasUp() {
			seen = time.Now()
		}
		p.afterLoss(ctx, l)
	}
}

// afterLoss waits before the peer is looked for again: not at all if it was there for a
// while, since it may be back already. One that is lost again and again would fill the log.
func (p *peer) afterLoss(ctx context.Context, l *link) {
	switch {
	case !l.wasUp():
		p.pause(ctx)
	case time.Since(l.began) < heartbeatEvery:
		timer := time.NewTimer(probePause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

func (p *peer) pause(ctx context.Context) {
	timer := time.NewTimer(probePause + rand.N(probePause/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.kick:
	case <-ctx.Done():
	}
}

// wake makes a peer that pauses look again.
func (p *peer) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// reached begins a link.
func (p *peer) reached() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gone: // of an earlier link
	default:
	}
	p.epoch++
	p.link = newLink(p, p.epoch)
	p.link.first = p.sequence + 1
	p.link.noteAlive()
	return p.link
}

// keep beats until the link is to end, and returns why.
func (p *peer) keep(ctx context.Context, l *link) string {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	began, last := time.Now(), time.Now()
	p.beat(l)
	for {
		select {
		case <-ctx.Done():
			return "this node stops"
		case why := <-l.down:
			return why
		case m := <-p.beats:
			l.post(p.pid, &v1.HeartbeatReply{Sequence: m.Sequence, Run: p.node.run})
		case <-p.kick: // it has just connected, and waits to hear from this node
			p.beat(l)
		case now := <-ticker.C:
			late := time.Since(last) > 4*lookEvery
			last = time.Now()
			if late { // this process stood still, and has not read what lies in its sockets
				l.noteAlive()
			}
			if why := p.fault(l, began, now); why != "" {
				return why
			}
			if p.sinceBeat() >= heartbeatEvery && !(p.isPlain() && now.Sub(began) > confirmFor) {
				p.beat(l)
			}
		}
	}
}

// fault says why a link is to end; empty if it is well.
func (p *peer) fault(l *link, began, now time.Time) string {
	switch {
	case p.isPlain() && l.out.stalled(now) <= stalledFor:
		return ""
	case !l.isUp() && now.Sub(began) > confirmFor && !l.hears():
		return "it was reached, and sends nothing to this node; check that it can reach this node's advertised address, and advertises the address that it has here"
	case l.silence() > silentFor && !l.out.moves(now) && !l.hears():
		return "it has answered no heartbeat for " + silentFor.String()
	case l.out.stalled(now) > stalledFor:
		return "it has taken nothing for " + stalledFor.String()
	}
	return ""
}

// isPlain reports whether the peer is, as far as is known, no node but a program with the
// bare engine, whose actors ask by PID: it beats not, and the end of its connection is all
// that tells of it.
func (p *peer) isPlain() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run == "" && p.isGuest()
}

func (p *peer) beat(l *link) (sequence uint64) {
	p.mu.Lock()
	p.sequence++
	p.sent = time.Now()
	sequence = p.sequence
	p.mu.Unlock()
	l.beat(sequence, p.node.isLeaving())
	return sequence
}

func (p *peer) sinceBeat() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.sent)
}

// replied takes the answer to a heartbeat.
func (p *peer) replied(m *v1.HeartbeatReply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Sequence == p.sequence {
		p.rtt = time.Since(p.sent)
	}
	if p.link != nil && m.Sequence >= p.link.first && m.Sequence <= p.sequence {
		p.link.noteAlive()
		p.answered = max(p.answered, m.Sequence)
	}
}

// settleLocked is the only writer of the state, and reports the one before.
func (p *peer) settleLocked(s schemas.PeerState, why error) (before schemas.PeerState) {
	before = p.state
	if before == schemas.PeerConnecting {
		p.settle()
	}
	p.state, p.why = s, why
	return before
}

// missed notes that the peer cannot be reached.
func (p *peer) missed(why error) {
	p.mu.Lock()
	before := p.settleLocked(schemas.PeerLost, why)
	p.mu.Unlock()
	if before != schemas.PeerLost {
		p.logLost(before, why, 0)
	}
}

// parted ends a link: its calls fail, and what is done here for the peer is given up.
func (p *peer) parted(l *link, why string) {
	err := lostError(p.address, why)
	if p.node.ctx.Err() != nil {
		err = stoppedError(p.address)
	}
	p.mu.Lock()
	p.link = nil
	before := p.settleLocked(schemas.PeerLost, errors.New(why))
	if l.wasUp() {
		p.count.losses++
	}
	p.mu.Unlock()
	failed := l.close(err)
	p.mu.Lock()
	p.count.lost += uint64(failed)
	p.mu.Unlock()
	p.node.cancelServed(p.address, errGivenUp, math.MaxUint64)
	if before != schemas.PeerLost {
		p.logLost(before, errors.New(why), failed)
	}
}

// awaitEngine waits until the engine has given up its connection: its word comes for an
// address, and would end the next one.
func (p *peer) awaitEngine(ctx context.Context) {
	timer := time.NewTimer(engineFor)
	defer timer.Stop()
	select {
	case <-p.gone:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// refuseDial notes that the engine was told not to connect. It sleeps then, and throws
// away what it is given meanwhile.
func (p *peer) refuseDial() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = true
	select {
	case <-p.gone: // of an earlier connection
	default:
	}
}

// takesBack reports whether the engine was refused a connection since the last link.
func (p *peer) takesBack() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	refused := p.refused
	p.refused = false
	return refused
}

// terminated is the engine's word that its connection has ended. It does not block.
func (p *peer) terminated() {
	p.mu.Lock()
	l := p.link
	p.mu.Unlock()
	if l != nil && l.wasDialed() {
		l.sever()
		l.fail("its connection has ended")
	}
	select {
	case p.gone <- struct{}{}:
	default:
	}
}

// announce has a heartbeat sent at once.
func (p *peer) announce() {
	if l := p.current(); l != nil {
		p.beat(l)
	}
}

// flush waits until the peer has read all that was sent to it, which its answer to one
// more heartbeat shows, but no longer than flushFor, or ctx.
func (p *peer) flush(ctx context.Context) {
	l := p.current()
	if l == nil || !l.isUp() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushFor)
	defer cancel()
	ticker := time.NewTicker(awaitEvery)
	defer ticker.Stop()
	sequence := p.beat(l)
	for p.current() == l && !p.hasAnswered(sequence) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *peer) hasAnswered(sequence uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answered >= sequence
}

// await returns the link of a peer that is being reached, when it is.
func (p *peer) await(ctx context.Context) (*link, error) {
	ticker := time.NewTicker(awaitEvery)
	defer ticker.Stop()
	for {
		if l := p.current(); l != nil {
			return l, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, lostError(p.address, "it cannot be reached")
		}
	}
}

// current returns the link, nil if the peer is not reached.
func (p *peer) current() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link
}

// usable returns the link of a peer that takes new calls, and how many free places it
// has for a provider as far as is known; nil if it takes none.
func (p *peer) usable(provider string) (l *link, free int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, offers := p.offers[provider]
	if p.state != schemas.PeerUp || p.link == nil || !offers {
		return nil, 0
	}
	return p.link, o.free
}

// took notes that a call goes to a provider of the peer, which has less room until it
// says otherwise.
func (p *peer) took(provider string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.calls++
	if o, ok := p.offers[provider]; ok {
		o.free--
		p.offers[provider] = o
	}
}

// isUp reports whether the peer takes new calls.
func (p *peer) isUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == schemas.PeerUp && p.link != nil
}

func (p *peer) offer(provider string) (offer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.offers[provider]
	return o, ok
}

// limit is how many calls may be with the peer: what both sides allow.
func (p *peer) limit() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.credits > 0 {
		return min(p.credits, p.node.cfg.Credits)
	}
	return p.node.cfg.Credits
}

func (p *peer) tally(f func(*counts)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.count)
}

// stats returns a snapshot.
func (p *peer) stats() schemas.PeerStats {
	limit, serving := p.limit(), p.node.servedOf(p.address)
	p.mu.Lock()
	defer p.mu.Unlock()
	s := schemas.PeerStats{Address: p.address, State: p.state, Version: p.version, RoundTrip: p.rtt, Credits: limit, Serving: serving,
		Calls: p.count.calls, Lost: p.count.lost, Refused: p.count.refused, Spilled: p.count.spilled, Losses: p.count.losses}
	if p.link != nil {
		s.InFlight, s.Buffered = p.link.inFlight(), p.link.out.buffered()
	}
	return s
}
