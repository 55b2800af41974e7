package main

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/remote"
	"bifrost/remote/discovery"
	"bifrost/remote/gossip"
)

// startGossip makes the node a member of those that gossip.
func startGossip(c *config.Gossip, node *remote.Node, told gossiped, logger zerolog.Logger) (*gossip.Members, error) {
	return gossip.Start(gossip.Config{
		Bind:      c.Bind,
		Advertise: c.Advertise,
		Key:       c.Key,
		Join:      c.Join,
		Address:   node.Address(),
		Run:       node.System().ID,
		Version:   shortVersion(),
		Update:    told.take,
		Log:       logger,
	})
}

// gossiped is a source of the members that gossip knows: the newest list that was not
// read yet.
type gossiped chan []string

var _ discovery.Source = gossiped(nil)

// take takes a new list. It is called by one goroutine, and does not block.
func (g gossiped) take(members []gossip.Member) {
	select {
	case <-g: // nobody has read it
	default:
	}
	g <- addressesOf(members)
}

// addressesOf are those of all members that have not said goodbye. Whether one that gossip
// takes for lost is lost, its heartbeats say; it is reached for until gossip forgets it.
func addressesOf(members []gossip.Member) []string {
	addresses := []string{}
	for _, member := range members {
		if member.State != gossip.Left {
			addresses = append(addresses, member.Address)
		}
	}
	return addresses
}

// Run follows the contract of discovery.Source, and never fails.
func (g gossiped) Run(ctx context.Context, update func([]string)) error {
	for {
		select {
		case list := <-g:
			update(list)
		case <-ctx.Done():
			return nil
		}
	}
}

// shareLoads tells the others what this node's providers have free, and the node what the
// others have told.
func (m *members) shareLoads(ctx context.Context) {
	ticker := time.NewTicker(loadsEvery)
	defer ticker.Stop()
	for {
		own := m.node.Loads()
		loads := make([]gossip.Load, len(own))
		for i, l := range own {
			loads[i] = gossip.Load(l)
		}
		m.gossip.SetLoad(loads)
		for _, member := range m.gossip.List() {
			told := make([]remote.Load, len(member.Load))
			for i, l := range member.Load {
				told[i] = remote.Load(l)
			}
			m.node.SetLoads(member.Address, member.LoadAge, told)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
