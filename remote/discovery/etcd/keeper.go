package etcd

import (
	"context"
	"fmt"
	"maps"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A keeper is what asks etcd about limits. It belongs to Run's goroutine.
type keeper struct {
	*Limits
	client      *clientv3.Client
	prefix, own string
}

// renewal is an answer to a keep-alive.
type renewal struct {
	until time.Time // the lease lasts until then, counted from when it was asked for
	term  uint64    // of etcd's own election
}

// round renews the keys that this node has, reads all of them, and makes those that are
// missing. It returns when the next round is due; 0 means when something has changed.
func (k *keeper) round(ctx context.Context) (wait time.Duration, err error) {
	k.release(ctx)
	claims := k.standing()
	if len(claims) == 0 {
		return 0, nil
	}
	renewals, err := k.renew(ctx, claims)
	if err != nil {
		return limitsLook, err
	}
	read, err := brief(ctx, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return k.client.Get(ctx, k.prefix, clientv3.WithPrefix(), clientv3.WithLimit(maxLimits))
	})
	switch {
	case err != nil:
		return limitsLook, err
	case read.More:
		return limitsLook, fmt.Errorf("%s has more than %d keys; take out those that are no limits", k.prefix, maxLimits)
	}
	keys := make(map[string]*mvccpb.KeyValue, len(read.Kvs))
	for _, kv := range read.Kvs {
		keys[string(kv.Key[len(k.prefix):])] = kv
	}
	k.confirm(claims, renewals, keys, read.Header.RaftTerm)
	wait = limitsRenew
	for limit, c := range claims {
		if keys[limit] == nil && k.mayMake(c) {
			if err := k.make(ctx, limit, c); err != nil {
				return limitsLook, err
			}
		}
		if !k.isOwned(c) {
			wait = limitsLook
		}
	}
	return wait, nil
}

func (k *keeper) standing() map[string]*claim {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.claims) == 0 {
		clear(k.owners)
	}
	return maps.Clone(k.claims)
}

func (k *keeper) isOwned(c *claim) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return c.lease != 0
}

func (k *keeper) mayMake(c *claim) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !time.Now().Before(c.after)
}

func (k *keeper) leaseOf(c *claim) clientv3.LeaseID {
	k.mu.Lock()
	defer k.mu.Unlock()
	return c.lease
}

// renew keeps the leases alive.
func (k *keeper) renew(ctx context.Context, claims map[string]*claim) (map[clientv3.LeaseID]renewal, error) {
	renewals := make(map[clientv3.LeaseID]renewal)
	for _, c := range claims {
		lease := k.leaseOf(c)
		if lease == 0 {
			continue
		}
		sent := time.Now()
		answer, err := brief(ctx, func(ctx context.Context) (*clientv3.LeaseKeepAliveResponse, error) {
			return k.client.KeepAliveOnce(ctx, lease)
		})
		switch {
		case err == nil:
			renewals[lease] = renewal{untilOf(sent, answer.TTL), answer.RaftTerm}
		case !isGone(err):
			return nil, err
		}
	}
	return renewals, nil
}

// untilOf is until when a lease of so many seconds lasts by this node's clock, which may
// be five percent slower than etcd's.
func untilOf(sent time.Time, seconds int64) time.Time {
	ttl := min(time.Duration(seconds)*time.Second, limitsTTL)
	return sent.Add(ttl * 95 / 100)
}

// confirm counts the renewals whose keys are still there. A server that has lost etcd's
// election without having heard of it goes on to renew leases: so only those count after
// which etcd as a whole has answered in the same term of its election.
func (k *keeper) confirm(claims map[string]*claim, renewals map[clientv3.LeaseID]renewal, keys map[string]*mvccpb.KeyValue, term uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.owners)
	for limit, kv := range keys {
		if address, _, err := ownerOf(string(kv.Value)); err == nil {
			k.owners[limit] = address
		}
	}
	for limit, c := range claims {
		if c.lease == 0 {
			continue
		}
		renewed, ok := renewals[c.lease]
		kv := keys[limit]
		switch {
		case kv == nil || clientv3.LeaseID(kv.Lease) != c.lease: // somebody has deleted it
			k.freeLocked(c)
		case ok && renewed.term == term:
			c.until = renewed.until
		}
	}
}

// make makes the key of a limit, if there is none.
func (k *keeper) make(ctx context.Context, limit string, c *claim) error {
	sent := time.Now()
	granted, err := brief(ctx, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		return k.client.Grant(ctx, int64(limitsTTL/time.Second))
	})
	if err != nil {
		return err
	}
	made, err := brief(ctx, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return k.client.Txn(ctx).If(clientv3.Compare(clientv3.CreateRevision(k.prefix+limit), "=", 0)).
			Then(clientv3.OpPut(k.prefix+limit, k.own, clientv3.WithLease(granted.ID))).Commit()
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || !made.Succeeded || k.claims[limit] != c { // it may have come to pass: the lease is not used again
		k.freed = append(k.freed, granted.ID)
		return err
	}
	c.lease, c.until = granted.ID, untilOf(sent, granted.TTL)
	k.owners[limit], _, _ = ownerOf(k.own)
	return nil
}

// release revokes the leases that are not used any more. One that cannot be revoked ends
// by itself.
func (k *keeper) release(ctx context.Context) {
	k.mu.Lock()
	freed := k.freed
	k.freed = nil
	k.mu.Unlock()
	if len(freed) == 0 {
		return
	}
	asking, cancel := context.WithTimeout(ctx, limitsAsk)
	defer cancel()
	for i, lease := range freed {
		if _, err := k.client.Revoke(asking, lease); err != nil && ctx.Err() != nil { // Run ends, and tries once more
			k.mu.Lock()
			k.freed = append(k.freed, freed[i:]...)
			k.mu.Unlock()
			return
		}
	}
}
