package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"bifrost/remote/discovery"
)

const (
	// DefaultPrefix is the beginning of the nodes' keys.
	DefaultPrefix = "/bifrost/nodes/"

	// DefaultTTL is how long a node that is dead stays in the list.
	DefaultTTL = 5 * time.Second

	answerLimit = 3 * time.Second // for one question to etcd
	maxPause    = 2 * time.Second // between attempts
)

// Source registers this node in etcd and reports the nodes that are registered. Its
// fields must not change while it runs.
type Source struct {
	// Endpoints are etcd's servers, "host:port" or "https://host:port". At least one.
	Endpoints []string

	// Prefix begins the key of each node, which ends in its address; empty means
	// DefaultPrefix. A "/" is added at its end if there is none.
	Prefix string

	// Advertise is this node's address, "host:port", under which it registers. Empty:
	// it does not, and only reads.
	Advertise string

	// TTL is the time of this node's lease, rounded up to seconds; 0 means
	// DefaultTTL. etcd makes it longer if it is below about two seconds.
	TTL time.Duration

	// TLS is for https endpoints; nil means the system's authorities. Not changed.
	TLS *tls.Config

	// Username and Password are for an etcd with authentication. Empty: without.
	Username, Password string

	// Log gets a line when etcd stops answering and when it answers again, and one
	// for each change of the list. The zero value is silent.
	Log zerolog.Logger
}

// Run registers and reports until ctx ends. It follows the contract of
// discovery.Source; it fails only on fields that are wrong. The lists have this node's
// own address in them.
func (s *Source) Run(ctx context.Context, update func([]string)) error {
	if err := s.check(); err != nil {
		return err
	}
	client := s.connect(ctx)
	if client == nil {
		return nil
	}
	defer client.Close()
	registered := &registrar{client: client, key: s.prefix() + s.Advertise, ttl: s.ttl(), log: s.Log,
		missing: make(chan struct{}, 1), anew: make(chan struct{}, 1)}
	var wg sync.WaitGroup
	if s.Advertise != "" {
		wg.Go(func() { registered.run(ctx) }) // ends when ctx does, and the lease is revoked
	}
	w := &watcher{client: client, prefix: s.prefix(), own: s.Advertise, registrar: registered, log: s.Log,
		update: update, nodes: newNodes(2 * s.ttl())}
	w.run(ctx)
	wg.Wait()
	return nil
}

func (s *Source) check() error {
	var faults []error
	if len(s.Endpoints) == 0 {
		faults = append(faults, errors.New("etcd has no endpoints; give at least one, as in 10.0.0.9:2379"))
	}
	for _, e := range s.Endpoints {
		if err := discovery.CheckAddress(withoutScheme(e)); err != nil {
			faults = append(faults, fmt.Errorf("an endpoint of etcd: %w", err))
		}
	}
	if s.Advertise != "" {
		if err := discovery.CheckAddress(s.Advertise); err != nil {
			faults = append(faults, fmt.Errorf("the address to register in etcd: %w", err))
		}
	}
	if s.TTL < 0 {
		faults = append(faults, errors.New("the lease's time must not be negative; leave it 0 for the default"))
	}
	return errors.Join(faults...)
}

func withoutScheme(endpoint string) string {
	for _, scheme := range []string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(endpoint, scheme); ok {
			return rest
		}
	}
	return endpoint
}

func (s *Source) prefix() string {
	if s.Prefix == "" {
		return DefaultPrefix
	}
	return strings.TrimSuffix(s.Prefix, "/") + "/"
}

func (s *Source) ttl() time.Duration {
	if s.TTL == 0 {
		return DefaultTTL
	}
	return (s.TTL + time.Second - 1).Truncate(time.Second)
}

// connect makes the client. That needs no server, but where there is a password it
// asks one, again and again until it is answered; nil means that ctx has ended.
func (s *Source) connect(ctx context.Context) *clientv3.Client {
	reached := outage{log: s.Log, begins: noAnswer, ends: answersAgain}
	for {
		client, err := clientv3.New(clientv3.Config{
			Context:   context.WithoutCancel(ctx), // it revokes the lease after ctx's end
			Endpoints: s.Endpoints,
			TLS:       s.TLS, Username: s.Username, Password: s.Password,
			DialTimeout:       answerLimit,
			DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: answerLimit,
			Logger: zap.NewNop(), // what matters of it is logged here
			DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxPause},
				MinConnectTimeout: answerLimit,
			})},
		})
		if err == nil {
			reached.over()
			return client
		}
		if !reached.pause(ctx, err) {
			return nil
		}
	}
}

// An outage logs the first of several failures in a row, and their end. It belongs to
// one goroutine.
type outage struct {
	log          zerolog.Logger
	begins, ends string // what is logged
	failures     int
}

const (
	noAnswer     = "etcd does not answer; the last list of peers holds, and it is asked again"
	answersAgain = "etcd answers again"
)

// pause logs a failure and waits before the next attempt; false means that ctx has
// ended.
func (o *outage) pause(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if o.failures == 0 {
		o.log.Warn().Err(err).Msg(o.begins)
	}
	timer := time.NewTimer(min(maxPause, 100*time.Millisecond<<min(o.failures, 10)))
	defer timer.Stop()
	o.failures++
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (o *outage) over() {
	if o.failures > 0 {
		o.log.Info().Int("failed", o.failures).Msg(o.ends)
	}
	o.failures = 0
}
