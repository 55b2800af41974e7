package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/remote"
	"bifrost/remote/discovery"
	"bifrost/remote/gossip"
)

const (
	// loadsEvery is how often nodes that gossip say what their providers have free.
	loadsEvery = time.Second

	// firstListFor is how long the first list of nodes is waited for.
	firstListFor = time.Second
)

// members finds this node's peers: it runs the sources of the file, and gossip, and tells
// the node of all that they know. It is made by startMembers, and ends by stop.
type members struct {
	node   *remote.Node
	gossip *gossip.Members // nil: none
	logger zerolog.Logger

	first   chan struct{} // closed when the node has the first list
	failed  chan error    // a source's fault, at most one
	end     context.CancelFunc
	running sync.WaitGroup
}

// startMembers begins to look for peers; nil if the file names no way. An error is a
// fault of the file, or that gossip cannot listen. Whether there is anybody else is not
// waited for.
func startMembers(file *config.File, node *remote.Node, logger zerolog.Logger) (*members, error) {
	if node == nil {
		return nil, nil
	}
	sources, err := sourcesOf(file.Node, node, logger)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	m := &members{node: node, logger: logger, first: make(chan struct{}), failed: make(chan error, 1)}
	if file.Node.Gossip != nil {
		told := make(gossiped, 1)
		if m.gossip, err = startGossip(file.Node.Gossip, node, told, logger); err != nil {
			return nil, fmt.Errorf("%s: node.gossip: %w", file.Path, err)
		}
		sources = append(sources, told)
	}
	if len(sources) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.end = cancel
	m.running.Go(func() { m.find(ctx, discovery.Merge(sources...)) }) // ends when stop cancels
	if m.gossip != nil {
		m.running.Go(func() { m.shareLoads(ctx) }) // ends when stop cancels
	}
	return m, nil
}

func (m *members) find(ctx context.Context, source discovery.Source) {
	first := sync.OnceFunc(func() { close(m.first) })
	err := source.Run(ctx, func(addresses []string) {
		m.node.SetMembers(addresses)
		first()
	})
	if err != nil {
		m.failed <- fmt.Errorf("other nodes cannot be found: %w", err)
	}
}

// await waits for the first list if a provider needs one, for a second at most: a caller
// who comes in this time waits as well, and is not told that there is no node.
func (m *members) await(ctx context.Context, file *config.File) {
	if m == nil || !anywhere(file) {
		return
	}
	timer := time.NewTimer(firstListFor)
	defer timer.Stop()
	select {
	case <-m.first:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// anywhere reports whether a provider lives on any node that is found.
func anywhere(file *config.File) bool {
	for _, p := range file.Remote {
		if slices.Contains(p.Nodes, config.AnyNode) {
			return true
		}
	}
	return false
}

// failure is where a source's fault comes that trying again does not cure. Nil members
// have none.
func (m *members) failure() <-chan error {
	if m == nil {
		return nil
	}
	return m.failed
}

// stop tells the others that this node goes, and ends what was started. It takes about a
// second at most. Nil members have stopped.
func (m *members) stop() {
	if m == nil {
		return
	}
	m.end()
	if m.gossip != nil {
		if err := m.gossip.Leave(context.Background()); err != nil {
			m.logger.Warn().Err(err).Msg("gossip has ended")
		}
	}
	m.running.Wait()
}

// sourcesOf makes the sources of a file but gossip.
func sourcesOf(n *config.Node, node *remote.Node, logger zerolog.Logger) ([]discovery.Source, error) {
	var sources []discovery.Source
	for _, text := range n.Discover {
		source, err := discovery.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("node.discover: %w", err)
		}
		source.Log = logger
		sources = append(sources, source)
	}
	if n.Etcd != nil {
		source, err := etcdSource(n.Etcd, node.Address(), logger)
		if err != nil {
			return nil, fmt.Errorf("node.etcd: %w", err)
		}
		sources = append(sources, source)
	}
	return sources, nil
}
