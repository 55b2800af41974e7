package bifrost

import "github.com/asynkron/protoactor-go/actor"

// ActorSystem returns the actor system that the client runs in.
func (c *Client) ActorSystem() *actor.ActorSystem { return c.sys.Engine() }

// ProviderPID returns the PID of a provider's router, for actors that ask it
// themselves with *schemas.Request or *actors.Ask; package actors has the
// messages. It is false for a provider that this client never had. The PID stays
// valid while the provider is removed and added again.
func (c *Client) ProviderPID(provider string) (*actor.PID, bool) {
	return c.sys.PID(provider)
}
