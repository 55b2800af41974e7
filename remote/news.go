package remote

import (
	"time"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// offer is a provider of a peer, as it has last said.
type offer struct {
	info   schemas.ProviderInfo
	raw    string // info as it came
	models []string
	all    bool
	free   int
}

// heartbeat takes the peer's own word. It runs on the connection's reader.
func (p *peer) heartbeat(m *v1.Heartbeat) {
	l, gone := p.learn(m)
	if gone.asked {
		p.node.cancelServed(p.address, errGivenUp, gone.before)
	}
	if l == nil {
		p.wake()
		return
	}
	if failed := l.giveUp(gone.calls, gone.actors); failed > 0 {
		p.tally(func(n *counts) { n.lost += uint64(failed) })
		p.node.cfg.Logger.Warn().Str("peer", p.address).Int("lost_calls", failed).
			Msg("a peer has given up calls of this node, which it could not reach for a while")
	}
	l.confirm()
	select {
	case p.beats <- m:
	default: // it is late itself; the next one is answered
	}
}

// givenUp is what a peer has given up, since it had lost this node or was restarted.
type givenUp struct {
	asked  bool   // its own calls, which it made
	before uint64 // … this introduction: its actors' may come before its first heartbeat

	calls  map[uint64]*call // of this node, which it served
	actors asked            // likewise, of actors
}

// introduced notes that the peer has introduced itself, on a new connection.
func (p *peer) introduced() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intros++
}

// connected notes that a connection of the peer's is open, and hungUp that it has ended.
// Without one nobody waits for the peer's calls any more, unless it is reached from here:
// then the end of the link gives them up.
func (p *peer) connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open++
}

func (p *peer) hungUp() {
	p.mu.Lock()
	p.open--
	alone, before := p.open == 0 && p.link == nil, p.intros+1
	p.mu.Unlock()
	if alone {
		p.node.cancelServed(p.address, errGivenUp, before)
	}
}

func (p *peer) introductions() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.intros
}

// learn keeps what a heartbeat says, and reports what the peer has given up.
func (p *peer) learn(m *v1.Heartbeat) (l *link, gone givenUp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	restarted, again := p.run != m.Run, p.theirs != m.Epoch
	ends := restarted && p.run != "" && p.link != nil && p.link.wasUp()
	if ends {
		p.link.fail("it was restarted")
	}
	gone = givenUp{asked: restarted || again, before: p.intros}
	if again && !restarted && p.link != nil && p.link.wasUp() {
		gone.calls, gone.actors = p.link.orphans() // before it is up for new ones
	}
	p.run, p.theirs = m.Run, m.Epoch
	p.version, p.credits = m.Version, int(min(m.Credits, 1<<30))
	if !m.Leaving { // one that stops has closed its providers; what they were is still true
		p.offers, p.offered = readOffers(p.offers, m.Providers), time.Now()
	}
	l = p.link
	if l == nil || ends {
		return l, gone
	}
	now := schemas.PeerUp
	if m.Leaving || p.state == schemas.PeerLeaving { // nobody leaves and comes back on one connection
		now = schemas.PeerLeaving
	}
	if p.settleLocked(now, nil) != now {
		p.logUp(now)
	}
	return l, gone
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
