package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"bifrost/remote/discovery"
)

// readAgain is how often the whole list is read although a watch tells of changes:
// an etcd that was set up anew counts its revisions from the start, and a watch for a
// later one would say nothing until they are reached.
const readAgain = 30 * time.Second

var errWatchEnded = errors.New("the watch has ended")

// A watcher reports the keys under the prefix. It belongs to Run's goroutine.
type watcher struct {
	client    *clientv3.Client
	prefix    string
	own       string
	registrar *registrar
	log       zerolog.Logger
	update    func([]string)

	nodes    *nodes
	reported []string // nil before the first
	junk     bool     // a key that is no address was logged
}

func (w *watcher) run(ctx context.Context) {
	reached := outage{log: w.log, begins: noAnswer, ends: answersAgain}
	for ctx.Err() == nil {
		err := w.follow(ctx, reached.over)
		if err != nil && !reached.pause(ctx, err) {
			return
		}
	}
}

// follow reads the list and then watches from there. It returns nil when the list is
// to be read again, and an error if etcd does not answer.
func (w *watcher) follow(ctx context.Context, answered func()) error {
	read, err := within(ctx, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return w.client.Get(ctx, w.prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly(), clientv3.WithLimit(discovery.MaxAddresses+maxLimits+1))
	})
	if err != nil {
		return err
	}
	var addresses []string
	for _, kv := range read.Kvs {
		if address, ok := w.address(kv.Key); ok {
			addresses = append(addresses, address)
		}
	}
	if read.More || len(addresses) > discovery.MaxAddresses {
		return fmt.Errorf("%s has more than %d keys; check that it is the prefix of the nodes", w.prefix, discovery.MaxAddresses)
	}
	answered()
	w.nodes.read(addresses, time.Now())
	w.report()
	return w.watch(ctx, read.Header.Revision+1)
}

func (w *watcher) watch(ctx context.Context, from int64) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	changes := w.client.Watch(ctx, w.prefix, clientv3.WithPrefix(), clientv3.WithRev(from))
	again := time.NewTimer(readAgain)
	defer again.Stop()
	for {
		doubt := make(<-chan time.Time) // never, if nobody is doubtful
		if d, ok := w.nodes.next(time.Now()); ok {
			doubt = time.After(d)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			return nil
		case <-w.registrar.anew:
			return nil
		case <-doubt:
		case change, ok := <-changes:
			if !ok {
				return errWatchEnded
			}
			if err := change.Err(); errors.Is(err, rpctypes.ErrCompacted) {
				return nil // what happened meanwhile is not kept any more
			} else if err != nil {
				return err
			}
			w.apply(change.Events)
		}
		w.report()
	}
}

func (w *watcher) apply(events []*clientv3.Event) {
	for _, e := range events {
		address, ok := w.address(e.Kv.Key)
		switch {
		case !ok:
		case e.Type == clientv3.EventTypeDelete:
			w.nodes.deleted(address)
		default:
			w.nodes.put(address)
		}
	}
}

// address reads a key. One that somebody else has put there is left out, with one line
// in the log. The owners of limits have theirs there, too.
func (w *watcher) address(key []byte) (string, bool) {
	if bytes.HasPrefix(key, []byte(w.prefix+limitsPart)) {
		return "", false
	}
	address, err := addressOf(w.prefix, string(key))
	if err != nil && !w.junk {
		w.junk = true
		w.log.Warn().Err(err).Str("prefix", w.prefix).Msg("a key under the prefix is no node's; it is left out")
	}
	return address, err == nil
}

// report tells of the list if it has changed, and has this node's key put again if it
// is not there.
func (w *watcher) report() {
	if w.own != "" && !w.nodes.there[w.own] {
		poke(w.registrar.missing)
	}
	list := w.nodes.list(time.Now())
	if w.reported != nil && slices.Equal(list, w.reported) {
		return
	}
	w.log.Info().Int("addresses", len(list)).Int("before", len(w.reported)).Msg("the list of peers has changed")
	w.reported = list
	w.update(slices.Clone(list))
}
