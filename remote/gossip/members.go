package gossip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/rs/zerolog"
)

// Members is this node's place in the cluster. It is made by Start, and its methods
// are safe for concurrent use.
type Members struct {
	log      zerolog.Logger
	update   func([]Member)
	gossip   string // the address by which others reach this node's gossip
	list     *memberlist.Memberlist
	delegate *delegate

	mu       sync.Mutex
	loads    []Load   // what is sent with the next tick
	seeds    []string // as SetSeeds has them
	sequence uint64   // of the last report

	seeded chan struct{} // has room for one: the seeds are others
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	end    sync.Mutex // is held by who ends it
	closed bool       // under end
}

// Start makes this node a member and looks for the others in the background. It
// blocks only while names are looked up and sockets are opened. An error says which
// field of cfg is wrong, or that the address cannot be listened on.
func Start(cfg Config) (*Members, error) {
	place, err := cfg.check(context.Background())
	if err != nil {
		return nil, err
	}
	d := &delegate{
		facts:   facts{run: cfg.Run, version: cfg.Version},
		table:   newTable(cfg.Address, time.Now),
		changed: make(chan struct{}, 1),
	}
	d.queue = &memberlist.TransmitLimitedQueue{RetransmitMult: 4, NumNodes: func() int { return d.table.count() + 1 }}
	m := &Members{log: cfg.Log, update: cfg.Update, delegate: d, seeds: slices.Clone(cfg.Join), seeded: make(chan struct{}, 1)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if err := m.open(cfg.settings(place)); err != nil {
		m.cancel()
		return nil, fmt.Errorf("gossip cannot listen on %s; check that the address is this machine's and that the port is free: %w", cfg.Bind, err)
	}
	m.wg.Go(m.tell)     // ends when Close cancels
	m.wg.Go(m.announce) // ends when Close cancels
	m.wg.Go(m.seek)     // ends when Close cancels
	return m, nil
}

// open makes the sockets and what serves them.
func (m *Members) open(settings *memberlist.Config) error {
	t, err := listen(m.ctx, settings, settings.Logger)
	if err != nil {
		return err
	}
	settings.Transport, settings.BindPort = t, t.GetAutoBindPort()
	if settings.AdvertisePort == 0 {
		settings.AdvertisePort = settings.BindPort
	}
	settings.Delegate, settings.Events, settings.Alive = m.delegate, m.delegate, m.delegate
	m.gossip = net.JoinHostPort(settings.AdvertiseAddr, strconv.Itoa(settings.AdvertisePort))
	if m.list, err = memberlist.Create(settings); err != nil {
		return errors.Join(err, t.Shutdown())
	}
	return nil
}

// GossipAddress is the "ip:port" by which other nodes reach this one's gossip, for
// their Join.
func (m *Members) GossipAddress() string { return m.gossip }

// List returns the other members, sorted by address: those that are alive, and for a
// while those that are gone. It is the caller's own.
func (m *Members) List() []Member { return m.delegate.table.list() }

// SetLoad takes what this node's providers have free. It is sent to the others with
// the next tick, and again every second until it is set anew. The slice is copied; an
// empty one ends the sending. A provider without a name or with one of more than 128
// bytes is left out, and a negative number counts as 0.
func (m *Members) SetLoad(loads []Load) {
	loads = tidy(loads)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads = loads
}

// SetSeeds takes the "host:port" gossip addresses at which other nodes may be, in place
// of the former ones. One that is no member is tried now and every few seconds. This
// node's own address may be among them. The slice is copied.
func (m *Members) SetSeeds(addresses []string) {
	m.mu.Lock()
	m.seeds = slices.Clone(addresses)
	m.mu.Unlock()
	select {
	case m.seeded <- struct{}{}:
	default: // it will be seen with these
	}
}

// Leave tells the others that this node goes, and closes. It blocks until they have
// been told, for a second at most, or until ctx's deadline. An error says that they may
// take this node for lost. After Close, or for a second time, it does nothing.
func (m *Members) Leave(ctx context.Context) error {
	m.end.Lock()
	defer m.end.Unlock()
	if m.closed {
		return nil
	}
	return errors.Join(m.sayGoodbye(ctx), m.closeLocked())
}

// sayGoodbye needs m.end: memberlist panics if it is to leave after it was shut down.
func (m *Members) sayGoodbye(ctx context.Context) error {
	limit := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	err := ctx.Err()
	if err == nil {
		run := m.delegate.facts.run
		m.delegate.queue.QueueBroadcast(broadcast{name: run, data: goodbye(run)})
		err = m.list.Leave(max(limit, time.Millisecond))
	}
	if err != nil {
		return fmt.Errorf("the other members may take this node for lost; give it a second to leave: %w", err)
	}
	return nil
}

// Close ends this node's part at once. The others are not told, and take it for lost.
// It may be called again, and after Leave.
func (m *Members) Close() error {
	m.end.Lock()
	defer m.end.Unlock()
	return m.closeLocked()
}

func (m *Members) closeLocked() error {
	if m.closed {
		return nil
	}
	m.closed = true
	m.cancel()
	m.wg.Wait()
	if err := m.list.Shutdown(); err != nil {
		return fmt.Errorf("gossip did not close: %w", err)
	}
	return nil
}

// tell reports changes to Config.Update, and logs them.
func (m *Members) tell() {
	before := map[string]State{}
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-m.delegate.changed:
		}
		list := m.List()
		now := make(map[string]State, len(list))
		for _, member := range list {
			now[member.Address] = member.State
			if before[member.Address] != member.State {
				m.log.Info().Str("member", member.Address).Str("run", member.Run).Stringer("state", member.State).Msg("a member has changed its state")
			}
		}
		before = now
		if m.update != nil {
			m.update(list)
		}
	}
}

// announce sends this node's loads, and forgets old ones of others.
func (m *Members) announce() {
	ticker := time.NewTicker(loadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-ticker.C:
		}
		if m.delegate.table.prune() {
			m.delegate.change()
		}
		m.sendLoads()
	}
}

func (m *Members) sendLoads() {
	m.mu.Lock()
	m.sequence++
	own := report{run: m.delegate.facts.run, sequence: m.sequence, loads: m.loads}
	m.mu.Unlock()
	m.delegate.own.Store(&own)
	for _, part := range own.encode(maxMessage) {
		m.delegate.queue.QueueBroadcast(part)
	}
}
