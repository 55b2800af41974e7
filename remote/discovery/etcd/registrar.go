package etcd

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	clientv3 "go.etcd.io/etcd/client/v3"
)

var errLeaseEnded = errors.New("the lease has ended")

// A registrar keeps this node's key in etcd.
type registrar struct {
	client *clientv3.Client
	key    string
	ttl    time.Duration
	log    zerolog.Logger

	// Each has room for one. missing: the key is not there, and is to be put again;
	// anew: it was put with another lease than before, so etcd may have lost more.
	missing, anew chan struct{}
}

// run registers, and registers anew whenever the lease has ended, until ctx ends.
func (r *registrar) run(ctx context.Context) {
	reached := outage{log: r.log, begins: "this node is not registered in etcd; it is tried again", ends: "this node can be registered again"}
	for first := true; ; first = false {
		registered := func() {
			reached.over()
			if !first {
				poke(r.anew)
			}
			r.log.Info().Bool("anew", !first).Msg("this node is registered in etcd")
		}
		err := r.hold(ctx, registered)
		if !reached.pause(ctx, err) {
			return
		}
	}
}

// hold keeps the key for one lease. It returns when ctx has ended, or says why the
// lease or etcd cannot be relied on any more.
func (r *registrar) hold(ctx context.Context, registered func()) error {
	granted, err := within(ctx, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		return r.client.Grant(ctx, int64(r.ttl/time.Second))
	})
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			r.revoke(ctx, granted.ID)
		}
	}()
	if err := r.put(ctx, granted.ID); err != nil {
		return err
	}
	registered()
	keeping, cancel := context.WithCancel(ctx)
	defer cancel()
	answers, err := r.client.KeepAlive(keeping, granted.ID)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, alive := <-answers:
			if !alive {
				return errLeaseEnded
			}
		case <-r.missing:
			if err := r.put(ctx, granted.ID); err != nil {
				return err
			}
		}
	}
}

func (r *registrar) put(ctx context.Context, lease clientv3.LeaseID) error {
	_, err := within(ctx, func(ctx context.Context) (*clientv3.PutResponse, error) {
		return r.client.Put(ctx, r.key, "", clientv3.WithLease(lease))
	})
	return err
}

// revoke takes this node out at once. Where etcd does not answer, the lease does it.
func (r *registrar) revoke(ctx context.Context, lease clientv3.LeaseID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := r.client.Revoke(ctx, lease); err != nil {
		r.log.Info().Err(err).Dur("lease", r.ttl).Msg("this node could not leave etcd; its lease will end by itself")
	}
}

// within asks etcd with the time limit of one question.
func within[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return ask(ctx)
}

func poke(signal chan<- struct{}) {
	select {
	case signal <- struct{}{}:
	default: // one is on its way
	}
}
