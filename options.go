package bifrost

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"bifrost/actors"
	"bifrost/schemas"
)

// Option hands Init a live object.
type Option func(*options)

type options struct {
	engine    *actor.ActorSystem
	logger    zerolog.Logger
	providers map[string]schemas.Provider
	routers   map[string]Router
	hooks     []schemas.Hook
	node      Node
	faults    []error
}

// Router answers requests for one provider. Init makes one per configured
// provider; WithRouter brings one that lives elsewhere. It is safe for
// concurrent use.
type Router interface {
	// Ask sends a request and blocks until its answer, or until ctx ends.
	Ask(ctx context.Context, req *schemas.Request) (*schemas.Response, error)
	// Info returns what the provider can do.
	Info() schemas.ProviderInfo
	// Models returns the models it serves by name, and whether it serves any.
	Models() (names []string, all bool)
}

// WithActorSystem runs the client in the program's own actor system, which
// Shutdown leaves running. Its log is the program's affair: requests name
// themselves in it without content. One client per system. A system that is to
// talk to other nodes must have started its remote already.
func WithActorSystem(system *actor.ActorSystem) Option {
	return func(o *options) { o.engine = system }
}

// WithLogger is where the client and its engine log. The default is silence.
func WithLogger(logger zerolog.Logger) Option {
	return func(o *options) { o.logger = logger }
}

// WithProvider uses p for the provider of that name instead of building an
// adapter. Its settings and keys come from the account if that lists the name,
// else they are the defaults and none; what an adapter does with its settings
// (type, address, extra headers, timeouts, simulation) is p's own affair. p stays
// the program's own: the client does not close it.
func WithProvider(name string, p schemas.Provider) Option {
	return func(o *options) {
		if p == nil {
			o.faults = append(o.faults, fmt.Errorf("provider %q is nil", name))
			return
		}
		if o.providers == nil {
			o.providers = make(map[string]schemas.Provider)
		}
		o.providers[name] = p
	}
}

// WithRouter uses r for the provider of that name. Its bounds are its own, and it
// is not stopped by Shutdown.
func WithRouter(name string, r Router) Option {
	return func(o *options) {
		if r == nil {
			o.faults = append(o.faults, fmt.Errorf("router %q is nil", name))
			return
		}
		if o.routers == nil {
			o.routers = make(map[string]Router)
		}
		o.routers[name] = r
	}
}

// Node is this process's part among other nodes, as package remote makes it. It has
// started before Init, listens on an actor system of its own, and is stopped after
// Shutdown.
type Node interface {
	actors.Foreign
	actors.Cluster

	// System returns the actor system that the client is to run in.
	System() *actor.ActorSystem
	// Routers returns the providers that live on other nodes, by name.
	Routers() map[string]Router
	// Join hands over the client's own providers, for other nodes to ask. It is called
	// once, before the client's first request.
	Join(own *actors.System)
	// Spill returns a router that sends a request which one of the client's own providers
	// has no place for on to another node, and asks the provider itself if none takes it.
	Spill(provider string, own *actors.Router) Router
	// Peers returns what the node knows of the others.
	Peers() []schemas.PeerStats
}

// WithNode makes the client part of several nodes: its providers can be asked by
// others, and it asks those of others as its own. It brings the actor system.
func WithNode(n Node) Option {
	return func(o *options) {
		if n == nil {
			o.faults = append(o.faults, errors.New("the node is nil"))
			return
		}
		o.node, o.engine = n, n.System()
		for name, r := range n.Routers() {
			WithRouter(name, r)(o)
		}
	}
}

// foreign is the node as the actors see it; nil without one.
func (o *options) foreign() actors.Foreign {
	if o.node == nil {
		return nil
	}
	return o.node
}

// cluster is the node as who shares keys' limits; nil without one.
func (o *options) cluster() actors.Cluster {
	if o.node == nil {
		return nil
	}
	return o.node
}

// WithHooks has the hooks look at every request to a provider of this client, by
// whichever door it comes, in the given order; a further WithHooks adds to it.
// Requests to a router of the program's own, or for a provider that does not exist,
// do not pass them. Without hooks they cost nothing.
func WithHooks(hooks ...schemas.Hook) Option {
	return func(o *options) { o.hooks = append(o.hooks, hooks...) }
}

func (o *options) validate() error {
	faults := o.faults
	for name := range o.routers {
		faults = append(faults, checkName(name))
		if _, twice := o.providers[name]; twice {
			faults = append(faults, fmt.Errorf("provider %q is given twice, as a router and as a provider", name))
		}
	}
	for name := range o.providers {
		faults = append(faults, checkName(name))
	}
	return errors.Join(faults...)
}
