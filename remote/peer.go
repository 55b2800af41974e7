package remote

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
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
	movingFor      = time.Second             // since something was taken of much
	probeTimeout   = time.Second
	probePause     = 500 * time.Millisecond
	confirmFor     = 1500 * time.Millisecond // from the probe to the first heartbeat
	engineFor      = 3 * time.Second         // the engine sleeps for two after a failed dial
	awaitEvery     = 5 * time.Millisecond
	guestFor       = time.Minute // a peer that nobody configured is forgotten
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
	settled chan struct{}      // closed when it is known whether it can be reached

	mu       sync.Mutex // guards what follows
	state    schemas.PeerState
	link     *link // nil: not reached
	epoch    uint64
	run      string // of the peer
	theirs   uint64 // its epoch
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

// offer is a provider of a peer, as it has last said.
type offer struct {
	info   schemas.ProviderInfo
	raw    string // info as it came
	models []string
	all    bool
	free   int
}

type counts struct{ calls, lost, refused, spilled, losses uint64 }

func newPeer(n *Node, address string, guest bool) *peer {
	p := &peer{node: n, address: address, pid: actor.NewPID(address, nodeID), state: schemas.PeerConnecting,
		kick: make(chan struct{}, 1), beats: make(chan *v1.Heartbeat, 4), gone: make(chan struct{}, 1), settled: make(chan struct{})}
	p.setGuest(guest)
	return p
}

// live reaches for the peer, again and again, until ctx ends, or until a guest has
// been away for long.
func (p *peer) live(ctx context.Context) {
	seen := time.Now()
	for ctx.Err() == nil {
		if err := p.probe(ctx); err != nil {
			p.missed(err)
			if p.isGuest() && time.Since(seen) > guestFor {
				p.node.forget(p)
				return
			}
			p.pause(ctx)
			continue
		}
		if p.takesBack() {
			p.awaitEngine(ctx)
		}
		l := p.reached()
		why := p.keep(ctx, l)
		p.parted(l, why)
		if l.wasDialed() {
			p.awaitEngine(ctx)
		}
		if l.wasUp() {
			seen = time.Now()
			continue // it may be back already
		}
		p.pause(ctx)
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
		case <-p.kick:
		case now := <-ticker.C:
			late := time.Since(last) > 4*lookEvery
			last = time.Now()
			if late { // this process stood still, and has not read what lies in its sockets
				l.noteAlive()
			}
			if why := p.fault(l, began, now); why != "" {
				return why
			}
			if p.sinceBeat() >= heartbeatEvery {
				p.beat(l)
			}
		}
	}
}

// fault says why a link is to end; empty if it is well.
func (p *peer) fault(l *link, began, now time.Time) string {
	switch {
	case !l.isUp() && now.Sub(began) > confirmFor:
		return "it was reached, and sends nothing to this node; check that it can reach this node's advertised address, and advertises the address that it has here"
	case l.silence() > silentFor && !l.out.moves(now):
		return "it has answered no heartbeat for " + silentFor.String()
	case l.out.stalled(now) > stalledFor:
		return "it has taken nothing for " + stalledFor.String()
	}
	return ""
}

func (p *peer) beat(l *link) {
	p.mu.Lock()
	p.sequence++
	p.sent = time.Now()
	sequence := p.sequence
	p.mu.Unlock()
	l.beat(sequence, p.node.isLeaving())
}

func (p *peer) sinceBeat() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.sent)
}

// heartbeat takes the peer's own word. It runs on the connection's reader.
func (p *peer) heartbeat(m *v1.Heartbeat) {
	l, orphaned, given := p.learn(m)
	if orphaned {
		p.node.cancelServed(p.address, errGivenUp)
	}
	p.giveUp(given)
	if l == nil {
		p.wake()
		return
	}
	l.confirm()
	select {
	case p.beats <- m:
	default: // it is late itself; the next one is answered
	}
}

// giveUp fails calls that the peer does not serve any more: it has lost this node, which
// has not noticed, and its answer would never come.
func (p *peer) giveUp(calls []*call) {
	if len(calls) == 0 {
		return
	}
	p.tally(func(n *counts) { n.lost += uint64(len(calls)) })
	err := lostError(p.address, "it could not reach this node for a while")
	for _, c := range calls {
		c.stop(err, failed) // one that it got since then is cancelled there
	}
}

// learn keeps what a heartbeat says, and reports whether the peer has given up the
// calls that it made before, and which of this node's it has given up.
func (p *peer) learn(m *v1.Heartbeat) (l *link, orphaned bool, given []*call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != m.Run && p.link != nil && p.link.wasUp() { // else it was restarted before this link
		p.link.fail("it was restarted")
	}
	orphaned = p.run != m.Run || p.theirs != m.Epoch
	if p.run == m.Run && p.theirs != m.Epoch && p.link != nil {
		given = p.link.inHand() // before it is up for new ones
	}
	p.run, p.theirs = m.Run, m.Epoch
	p.version, p.credits = m.Version, int(m.Credits)
	if !m.Leaving { // one that stops has closed its providers; what they were is still true
		p.offers, p.offered = readOffers(p.offers, m.Providers), time.Now()
	}
	l = p.link
	switch {
	case l != nil && m.Leaving:
		p.settleLocked(schemas.PeerLeaving, nil)
	case l != nil:
		p.settleLocked(schemas.PeerUp, nil)
	}
	return l, orphaned, given
}

// readOffers reads what a peer has; what has not changed is not decoded again.
func readOffers(old map[string]offer, now []*v1.Provider) map[string]offer {
	out := make(map[string]offer, len(now))
	for _, m := range now {
		o := old[m.Name]
		if o.raw != string(m.Info) {
			info, err := codec.DecodeInfo(m.Info)
			if err != nil {
				continue
			}
			o = offer{info: info, raw: string(m.Info)}
		}
		o.models, o.all, o.free = m.Models, m.AllModels, int(m.Free)
		out[m.Name] = o
	}
	return out
}

// replied takes the answer to a heartbeat.
func (p *peer) replied(m *v1.HeartbeatReply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Sequence == p.sequence {
		p.rtt = time.Since(p.sent)
	}
	if p.link != nil && m.Sequence >= p.link.first {
		p.link.noteAlive()
	}
}

// settleLocked is the only writer of the state.
func (p *peer) settleLocked(s schemas.PeerState, why error) {
	if p.state != s {
		p.node.logPeer(p.address, s, why)
	}
	if p.state == schemas.PeerConnecting {
		close(p.settled)
	}
	p.state, p.why = s, why
}

// missed notes that the peer cannot be reached.
func (p *peer) missed(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settleLocked(schemas.PeerLost, why)
}

// parted ends a link: its calls fail, and what is done here for the peer is given up.
func (p *peer) parted(l *link, why string) {
	err := lostError(p.address, why)
	p.mu.Lock()
	p.link = nil
	p.settleLocked(schemas.PeerLost, errors.New(why))
	if l.wasUp() {
		p.count.losses++
	}
	p.mu.Unlock()
	failed := l.close(err)
	p.mu.Lock()
	p.count.lost += uint64(failed)
	p.mu.Unlock()
	p.node.cancelServed(p.address, errGivenUp)
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
