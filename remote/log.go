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

// logPeer logs that a peer's state has changed.
func (n *Node) logPeer(address string, s schemas.PeerState, why error) {
	if n.ctx.Err() != nil {
		return // it is this node that leaves
	}
	event := n.cfg.Logger.Info()
	if s == schemas.PeerLost {
		event = n.cfg.Logger.Warn().AnErr("why", why)
		if advice := certs.Advice(why); advice != "" {
			event.Str("advice", advice)
		}
	}
	event.Str("peer", address).Str("state", string(s)).Msg("a peer's state has changed")
}
