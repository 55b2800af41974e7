package etcd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"bifrost/remote/discovery"
)

const (
	limitsTTL   = 5 * time.Second        // of an owner's key: the term of package lease
	limitsAsk   = time.Second            // for one question about limits
	limitsRenew = time.Second            // between two rounds of an owner
	limitsLook  = 250 * time.Millisecond // between two of who would like to be one, and after a failure
	maxLimits   = 4096                   // that all nodes have
	limitsPart  = "limits/"              // after the prefix, before the names of limits
)

// Limits keeps the owner of each limit in etcd: a key under the source's prefix, "limits/"
// and the limit's name, whose value is the owner's address and run. Who makes it is the
// owner as long as it keeps the key's lease alive. A remote.Node takes one as its
// Config.Registrar, and runs it. It is safe for concurrent use.
type Limits struct {
	source *Source
	kick   chan struct{} // something has changed; capacity 1

	mu     sync.Mutex // guards what follows
	claims map[string]*claim
	owners map[string]string // addresses, by limit, as was read last
	freed  []clientv3.LeaseID
}

// claim is what this node has of a limit for which it stands. Its lease is used for no other
// one, and not again once the claim is given up.
type claim struct {
	lease clientv3.LeaseID // 0: none
	until time.Time        // the key is there before it
	after time.Time        // a new one is not made before it: what was lent by an earlier one has not run out
}

// Limits returns what keeps owners of limits in the etcd of s, which must not change any
// more. It uses neither Advertise nor TTL.
func (s *Source) Limits() *Limits {
	return &Limits{source: s, kick: make(chan struct{}, 1), claims: map[string]*claim{}, owners: map[string]string{}}
}

// Stand has this node become the owner of a limit as soon as nobody is, and stay it, until
// Resign. It does not block.
func (l *Limits) Stand(limit string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.claims[limit] == nil {
		l.claims[limit] = &claim{}
		poke(l.kick)
	}
}

// Resign gives a limit up: from now on this node is not the owner, and soon another one
// may be. It does not block.
func (l *Limits) Resign(limit string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.claims[limit]; c != nil {
		delete(l.claims, limit)
		l.freeLocked(c)
		poke(l.kick)
	}
}

func (l *Limits) freeLocked(c *claim) {
	if c.lease != 0 {
		l.freed = append(l.freed, c.lease)
	}
	*c = claim{after: c.until}
}

// Owner returns the address of the owner as it was last read, empty if none was, and until
// when this node is the owner; the zero time if it is not. It does not block.
func (l *Limits) Owner(limit string) (address string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.claims[limit]; c != nil {
		until = c.until
	}
	return l.owners[limit], until
}

// Run keeps the keys of this node, of that address and run, until ctx ends; changed is
// called, on Run's goroutine, when Owner may return something else. Etcd is not asked
// before somebody stands. Without etcd everything goes on, and what this node owns ends
// by itself. It fails only on fields of the source that are wrong. At its end it gives up
// what was resigned from, for which it waits a second at most; other keys end by themselves.
func (l *Limits) Run(ctx context.Context, address, run string, changed func()) error {
	if err := l.source.check(); err != nil {
		return err
	}
	select {
	case <-l.kick:
	case <-ctx.Done():
		return nil
	}
	client := l.source.connect(ctx)
	if client == nil {
		return nil
	}
	defer client.Close()
	k := &keeper{Limits: l, client: client, prefix: l.source.prefix() + limitsPart, own: address + " " + run}
	fails := false
	for {
		wait, err := k.round(ctx)
		changed()
		if failed := err != nil && ctx.Err() == nil; failed != fails {
			fails = failed
			if failed {
				l.source.Log.Warn().Err(err).Msg("etcd cannot be asked for the owners of limits; it is tried again, and what this node owns ends meanwhile")
			} else {
				l.source.Log.Info().Msg("etcd can be asked for the owners of limits again")
			}
		}
		if !l.pause(ctx, wait) {
			break
		}
	}
	k.release(context.WithoutCancel(ctx))
	return nil
}

// pause waits for that long, 0 meaning for ever, or until something has changed; false
// means that ctx has ended.
func (l *Limits) pause(ctx context.Context, d time.Duration) bool {
	var due <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
	case <-l.kick:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// ownerOf reads the value of a limit's key.
func ownerOf(value string) (address, run string, err error) {
	address, run, ok := strings.Cut(value, " ")
	if !ok || run == "" {
		return "", "", errors.New("the key of a limit is not an address and a run")
	}
	return address, run, discovery.CheckAddress(address)
}

// brief asks etcd with the time limit of one question about limits.
func brief[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(ctx), limitsAsk)
	defer cancel()
	return ask(ctx)
}

// isGone reports whether etcd says that it does not know a lease.
func isGone(err error) bool { return errors.Is(err, rpctypes.ErrLeaseNotFound) }
