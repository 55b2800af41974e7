package remote

import (
	"strings"

	"github.com/rs/zerolog"

	"bifrost/remote/certs"
	"bifrost/schemas"
)

// engineLog is what the engine logs to: its warnings, but for what it says of
// connections, of which the node has a line of its own for each change.
func engineLog(log zerolog.Logger) zerolog.Logger {
	if log.GetLevel() < zerolog.WarnLevel {
		log = log.Level(zerolog.WarnLevel)
	}
	return log.Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, message string) {
		if strings.HasPrefix(message, "Endpoint") {
			e.Discard()
		}
	}))
}

// stateMessages say what has become of a peer.
var stateMessages = map[schemas.PeerState]string{
	schemas.PeerUp:      "a peer is up",
	schemas.PeerLost:    "a peer is lost, and is tried again",
	schemas.PeerLeaving: "a peer stops, and gets nothing new",
}

// logUp logs that a peer can be asked, or that it stops.
func (p *peer) logUp(s schemas.PeerState) {
	if p.node.ctx.Err() != nil {
		return // it is this node that leaves
	}
	p.node.cfg.Logger.Info().Str("peer", p.address).Str("state", string(s)).Str("version", p.version).Int("credits", p.credits).
		Msg(stateMessages[s])
}

// logLost logs that a peer cannot be reached any more, and how many calls of this node
// that has cost. One that had said that it stops is no surprise.
func (p *peer) logLost(before schemas.PeerState, why error, calls int) {
	n := p.node
	if n.ctx.Err() != nil {
		return // it is this node that leaves
	}
	event, message := n.cfg.Logger.Warn(), stateMessages[schemas.PeerLost]
	if before == schemas.PeerLeaving && calls == 0 {
		event, message = n.cfg.Logger.Info(), "a peer has stopped, and is tried again"
	}
	if advice := certs.Advice(why); advice != "" {
		event.Str("advice", advice)
	}
	if calls > 0 {
		event.Int("lost_calls", calls)
	}
	event.AnErr("why", why).Str("peer", p.address).Str("state", string(schemas.PeerLost)).Msg(message)
}
