package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/actors"
	"bifrost/config"
	"bifrost/remote"
	"bifrost/remote/certs"
	"bifrost/schemas"
)

// startNode starts this process's part among other nodes; nil if the file has none.
func startNode(file *config.File, logger zerolog.Logger) (*remote.Node, error) {
	if file.Node == nil {
		return nil, nil
	}
	identity, err := loadIdentity(file.Node.TLS, logger)
	if err != nil {
		return nil, fmt.Errorf("%s: node.tls: %w", file.Path, err)
	}
	registrar, err := limitsIn(file.Node.Etcd, logger)
	if err != nil {
		return nil, fmt.Errorf("%s: node.etcd: %w", file.Path, err)
	}
	node, err := remote.Start(remote.Config{
		Listen:    file.Node.Listen,
		Advertise: file.Node.Advertise,
		Providers: remoteProviders(file),
		Peers:     file.Node.Peers,
		TLS:       identity,
		Plaintext: file.Node.Plaintext,
		Credits:   file.Node.Credits,
		Registrar: registrar,
		Version:   shortVersion(),
		Logger:    logger,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	return node, nil
}

// loadIdentity reads the certificate of a node; nil if it has none.
func loadIdentity(files config.NodeTLS, logger zerolog.Logger) (*certs.Identity, error) {
	if files == (config.NodeTLS{}) {
		return nil, nil
	}
	return certs.Load(certs.Files(files), func(n certs.Notice) {
		if n.Problem != nil {
			logger.Warn().Err(n.Problem).Msg("this node's certificate")
			return
		}
		logger.Info().Time("not_after", n.NotAfter).Msg("new certificate files of this node are in use")
	})
}

func remoteProviders(file *config.File) map[string]remote.Provider {
	out := make(map[string]remote.Provider, len(file.Remote))
	for name, p := range file.Remote {
		out[name] = remote.Provider{Nodes: p.Nodes, MoveWaiting: p.MoveWaiting, Fallbacks: p.Fallbacks, FallbackOn: p.FallbackOn}
	}
	return out
}

// unreached stands for the other nodes, and the providers that live there, where none is
// to be reached, as when a file is only checked. The caller calls end after the client's.
func unreached(file *config.File) (options []bifrost.Option, end func()) {
	for name := range file.Remote {
		options = append(options, bifrost.WithRouter(name, absent{}))
	}
	if file.Node == nil {
		return options, func() {}
	}
	node := absentNode{system: actors.NewEngine(zerolog.Nop())}
	return append(options, bifrost.WithNode(node)), func() { node.system.Shutdown() }
}

// absentNode is a node that no other one reaches.
type absentNode struct{ system *actor.ActorSystem }

func (n absentNode) System() *actor.ActorSystem         { return n.system }
func (absentNode) Routers() map[string]bifrost.Router   { return nil }
func (absentNode) Join(*actors.System)                  {}
func (absentNode) Peers() []schemas.PeerStats           { return nil }
func (absentNode) Receive(string, any, *actor.PID) bool { return false }

func (absentNode) Spill(_ string, own *actors.Router) bifrost.Router { return own }

func (absentNode) Share(string, string, int, *actors.Slots) {}
func (absentNode) Unshare(string, string)                   {}

type absent struct{}

func (absent) Ask(context.Context, *schemas.Request) (*schemas.Response, error) {
	return nil, errors.New("not reached")
}

func (absent) Info() schemas.ProviderInfo { return schemas.ProviderInfo{} }

func (absent) Models() (names []string, all bool) { return nil, true }

// shortVersion is this program's version for its peers.
func shortVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
