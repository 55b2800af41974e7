package etcdtest

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	clientv3 "go.etcd.io/etcd/client/v3"

	"bifrost/internal/porttest"
	"bifrost/remote/discovery"
	"bifrost/remote/discovery/etcd"
)

var _ discovery.Source = (*etcd.Source)(nil)

// A node is a source that runs, and what it has reported.
type node struct {
	t      *testing.T
	stop   func()
	mu     sync.Mutex
	lists  [][]string
	output bytes.Buffer
}

// Write takes its log.
func (n *node) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.output.Write(p)
}

func (n *node) logged(text string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.output.String(), text)
}

// startNode registers address, or only reads if it is empty.
func startNode(t *testing.T, endpoint, address string) *node {
	t.Helper()
	n := &node{t: t}
	s := &etcd.Source{Endpoints: []string{endpoint}, Advertise: address, TTL: 2 * time.Second, Log: zerolog.New(n)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { // ends when the node is stopped
		done <- s.Run(ctx, func(list []string) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.lists = append(n.lists, list)
		})
	}()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run has returned %v", err)
		}
	})
	t.Cleanup(n.stop)
	return n
}

// last is the newest list, and how many there were.
func (n *node) last() ([]string, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.lists) == 0 {
		return nil, 0
	}
	return n.lists[len(n.lists)-1], len(n.lists)
}

func (n *node) awaitList(want ...string) {
	n.t.Helper()
	await(n.t, fmt.Sprint("the list is ", want), func() bool {
		got, count := n.last()
		return count > 0 && slices.Equal(got, want)
	})
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > patience {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-tick.C
	}
	t.Logf("%s: %v", what, time.Since(began).Round(10*time.Millisecond))
}

// registered asks etcd itself.
func registered(t *testing.T, c *clientv3.Client, address string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	got, err := c.Get(ctx, etcd.DefaultPrefix+address)
	return err == nil && len(got.Kvs) == 1 && got.Kvs[0].Lease != 0
}

// startPair returns two nodes that know each other.
func startPair(t *testing.T, endpoint string) (a, b *node) {
	t.Helper()
	a, b = startNode(t, endpoint, "10.0.0.1:7600"), startNode(t, endpoint, "10.0.0.2:7600")
	for _, n := range []*node{a, b} {
		n.awaitList("10.0.0.1:7600", "10.0.0.2:7600")
	}
	return a, b
}

func TestNodesFindEachOtherAndOneThatEndsIsOutAtOnce(t *testing.T) {
	s := startServer(t)
	reader := startNode(t, "http://"+s.client, "")
	reader.awaitList()
	a, b := startPair(t, s.client)
	reader.awaitList("10.0.0.1:7600", "10.0.0.2:7600")
	b.stop()
	a.awaitList("10.0.0.1:7600")
	reader.awaitList("10.0.0.1:7600")
}

func TestADeadNodeIsOutWhenItsLeaseEnds(t *testing.T) {
	s := startServer(t)
	a := startNode(t, s.client, "10.0.0.1:7600")
	admin := s.admin()
	lease, err := admin.Grant(briefly(t), 2) // nobody keeps it alive
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Put(briefly(t), etcd.DefaultPrefix+"10.0.0.9:7600", "", clientv3.WithLease(lease.ID)); err != nil {
		t.Fatal(err)
	}
	a.awaitList("10.0.0.1:7600", "10.0.0.9:7600")
	a.awaitList("10.0.0.1:7600")
}

func TestARestartOfEtcdChangesNoList(t *testing.T) {
	s := startServer(t)
	a, b := startPair(t, s.client)
	_, before := a.last()
	s.kill()
	s.start()
	c := startNode(t, s.client, "10.0.0.3:7600")
	for _, n := range []*node{a, b, c} {
		n.awaitList("10.0.0.1:7600", "10.0.0.2:7600", "10.0.0.3:7600")
	}
	if _, after := a.last(); after != before+1 {
		t.Errorf("there were %d lists from the restart on, want one, with the third node", after-before)
	}
}

func TestNodesRegisterAnewAfterAnOutageLongerThanTheirLeases(t *testing.T) {
	s := startServer(t)
	a, b := startPair(t, s.client)
	s.kill()
	await(t, "the leases have ended", func() bool {
		return a.logged("is not registered in etcd") == 1 && b.logged("is not registered in etcd") == 1
	})
	if got, _ := a.last(); len(got) != 2 {
		t.Errorf("during the outage the list is %v", got)
	}
	s.start()
	admin := s.admin()
	for _, address := range []string{"10.0.0.1:7600", "10.0.0.2:7600"} {
		await(t, address+" is registered", func() bool { return registered(t, admin, address) })
	}
	b.stop()
	a.awaitList("10.0.0.1:7600")
	if n := a.logged("is not registered in etcd"); n != 1 {
		t.Errorf("one outage has %d lines in the log", n)
	}
}

func TestAnEtcdThatHasLostEverythingIsFilledAnew(t *testing.T) {
	s := startServer(t)
	a, b := startPair(t, s.client)
	_, before := a.last()
	s.kill()
	s.lose()
	s.start()
	admin := s.admin()
	for _, address := range []string{"10.0.0.1:7600", "10.0.0.2:7600"} {
		await(t, address+" is registered", func() bool { return registered(t, admin, address) })
	}
	c := startNode(t, s.client, "10.0.0.3:7600") // the watches go on
	for _, n := range []*node{a, b, c} {
		n.awaitList("10.0.0.1:7600", "10.0.0.2:7600", "10.0.0.3:7600")
	}
	if _, after := a.last(); after != before+1 {
		t.Errorf("there were %d lists since, want one, with the third node", after-before)
	}
}

func TestWhatWasCompactedMeanwhileIsReadAnew(t *testing.T) {
	s := startServer(t)
	g := startGate(t, s.client)
	reader := startNode(t, g.address(), "")
	reader.awaitList()
	g.set(true)
	admin := s.admin()
	var revision int64
	for i := range 10 {
		put, err := admin.Put(briefly(t), fmt.Sprintf("%s10.0.1.%d:7600", etcd.DefaultPrefix, i%2), "")
		if err != nil {
			t.Fatal(err)
		}
		revision = put.Header.Revision
	}
	if _, err := admin.Compact(briefly(t), revision); err != nil {
		t.Fatal(err)
	}
	g.set(false)
	reader.awaitList("10.0.1.0:7600", "10.0.1.1:7600")
	if _, err := admin.Delete(briefly(t), etcd.DefaultPrefix+"10.0.1.1:7600"); err != nil {
		t.Fatal(err)
	}
	reader.awaitList("10.0.1.0:7600")
}

func TestAKeyThatSomebodyDeletedIsPutAgain(t *testing.T) {
	s := startServer(t)
	a := startNode(t, s.client, "10.0.0.1:7600")
	a.awaitList("10.0.0.1:7600")
	admin := s.admin()
	if _, err := admin.Delete(briefly(t), etcd.DefaultPrefix+"10.0.0.1:7600"); err != nil {
		t.Fatal(err)
	}
	await(t, "it is registered", func() bool { return registered(t, admin, "10.0.0.1:7600") })
	a.awaitList("10.0.0.1:7600")
}

func TestALeaseThatSomebodyRevokedIsReplaced(t *testing.T) {
	s := startServer(t)
	a := startNode(t, s.client, "10.0.0.1:7600")
	a.awaitList("10.0.0.1:7600")
	admin := s.admin()
	leases, err := admin.Leases(briefly(t))
	if err != nil || len(leases.Leases) != 1 {
		t.Fatalf("got the leases %v, %v", leases, err)
	}
	if _, err := admin.Revoke(briefly(t), leases.Leases[0].ID); err != nil {
		t.Fatal(err)
	}
	await(t, "it is registered", func() bool { return registered(t, admin, "10.0.0.1:7600") })
}

func TestARestartedNodeKeepsItsKeyWhenItsOldLeaseEnds(t *testing.T) {
	s := startServer(t)
	admin := s.admin()
	lease, err := admin.Grant(briefly(t), 2) // that of the run that was killed
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Put(briefly(t), etcd.DefaultPrefix+"10.0.0.1:7600", "", clientv3.WithLease(lease.ID)); err != nil {
		t.Fatal(err)
	}
	a := startNode(t, s.client, "10.0.0.1:7600")
	await(t, "its old lease has ended", func() bool {
		left, err := admin.TimeToLive(briefly(t), lease.ID)
		return err == nil && left.TTL < 0
	})
	if !registered(t, admin, "10.0.0.1:7600") {
		t.Error("its key ended with the old lease")
	}
	a.awaitList("10.0.0.1:7600")
}

func TestAnEtcdThatStartsLaterIsFound(t *testing.T) {
	addresses := porttest.FreeAddresses(t, 2)
	s := &server{t: t, dir: t.TempDir() + "/data", client: addresses[0], peer: addresses[1]}
	a := startNode(t, s.client, "10.0.0.1:7600")
	await(t, "it says that etcd does not answer", func() bool { return a.logged("etcd does not answer") == 1 })
	if _, count := a.last(); count != 0 {
		t.Error("there is a list though nobody has given one")
	}
	t.Cleanup(s.kill)
	s.start()
	a.awaitList("10.0.0.1:7600")
	await(t, "it says that etcd answers", func() bool { return a.logged("etcd answers again") == 1 })
}

func TestAFrozenEtcdEmptiesNoList(t *testing.T) {
	s := startServer(t)
	a, b := startPair(t, s.client)
	s.signal(syscall.SIGSTOP)
	await(t, "the leases have ended", func() bool {
		return a.logged("is not registered in etcd") == 1 && b.logged("is not registered in etcd") == 1
	})
	s.signal(syscall.SIGCONT)
	admin := s.admin()
	for _, address := range []string{"10.0.0.1:7600", "10.0.0.2:7600"} {
		await(t, address+" is registered", func() bool { return registered(t, admin, address) })
	}
	a.awaitList("10.0.0.1:7600", "10.0.0.2:7600")
}

func TestKeysThatAreNoNodesAreLeftOut(t *testing.T) {
	s := startServer(t)
	admin := s.admin()
	for _, key := range []string{"", "no address", "http://a:1", strings.Repeat("x", 1000), "b:99999"} {
		if _, err := admin.Put(briefly(t), etcd.DefaultPrefix+key, "value"); err != nil {
			t.Fatal(err)
		}
	}
	a := startNode(t, s.client, "10.0.0.1:7600")
	a.awaitList("10.0.0.1:7600")
	if n := a.logged("is no node's"); n != 1 {
		t.Errorf("they have %d lines in the log, want 1", n)
	}
}

func TestNothingIsLeftAfterTheEnd(t *testing.T) {
	s := startServer(t)
	before := runtime.NumGoroutine()
	a, b := startPair(t, s.client)
	a.stop()
	s.kill() // the other cannot revoke its lease
	b.stop()
	await(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}
