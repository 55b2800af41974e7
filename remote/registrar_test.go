package remote_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// register is a register of owners in memory, where who comes first stays the owner.
type register struct {
	mu    sync.Mutex // guards what follows
	owner map[string]string
}

// registrar is one node's.
type registrar struct {
	*register
	err     error // of Run
	address string
	changed func()
	ended   chan struct{} // closed when Run returns
}

func newRegistrar(r *register, err error) *registrar {
	return &registrar{register: r, err: err, ended: make(chan struct{})}
}

// Run is remote.Registrar's.
func (r *registrar) Run(ctx context.Context, address, _ string, changed func()) error {
	defer close(r.ended)
	if r.err != nil {
		return r.err
	}
	r.mu.Lock()
	r.address, r.changed = address, changed
	r.mu.Unlock()
	changed()
	<-ctx.Done()
	return nil
}

// Stand is remote.Registrar's.
func (r *registrar) Stand(limit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner[limit] == "" && r.address != "" {
		r.owner[limit] = r.address
	}
}

// Resign is remote.Registrar's.
func (r *registrar) Resign(limit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner[limit] == r.address {
		delete(r.owner, limit)
	}
}

// Owner is remote.Registrar's.
func (r *registrar) Owner(limit string) (address string, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	address = r.owner[limit]
	if address != "" && address == r.address {
		until = time.Now().Add(4750 * time.Millisecond)
	}
	return address, until
}

func clusterAccount() schemas.StaticAccount {
	return schemas.StaticAccount{providerName: {Keys: []schemas.Key{{Value: "k", Concurrency: 4, Scope: schemas.ScopeCluster}}}}
}

func TestWithARegistrarTheNodesNeedNoMajority(t *testing.T) {
	t.Parallel()
	r := newRegistrar(&register{owner: map[string]string{}}, nil)
	p := launch(t, remote.Config{Peers: []string{freeAddress(t), freeAddress(t)}, Registrar: r}, bifrost.WithProvider(providerName, answering()), clusterAccount())
	if _, err := p.client.ChatCompletionRequest(within(t, time.Minute), hello("x")); err != nil {
		t.Error(err)
	}
	p.stop(t)
	<-r.ended
	if r.mu.Lock(); len(r.owner) > 0 {
		t.Errorf("a node that has ended, and has lent nothing, has not resigned: %v", r.owner)
	}
	r.mu.Unlock()
}

func TestWithARegistrarThatFailsWhatNeedsAnOwnerIsRefused(t *testing.T) {
	t.Parallel()
	p := answering()
	n := launch(t, remote.Config{Registrar: newRegistrar(&register{owner: map[string]string{}}, errors.New("no endpoint"))}, bifrost.WithProvider(providerName, p), clusterAccount())
	_, err := n.client.ChatCompletionRequest(within(t, time.Minute), hello("x"))
	if !errors.Is(err, &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonClusterLimit}) || p.calls.Load() != 0 {
		t.Error(err)
	}
}
