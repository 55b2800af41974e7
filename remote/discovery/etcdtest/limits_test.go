package etcdtest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	clientv3 "go.etcd.io/etcd/client/v3"

	"bifrost/remote/discovery/etcd"
)

const limitName = "openai/key-1"

// A contender is a node that stands for a limit.
type contender struct {
	*etcd.Limits
	address string
	stop    func()
}

func startContender(t *testing.T, endpoint, address string) *contender {
	t.Helper()
	c := &contender{address: address, Limits: (&etcd.Source{Endpoints: []string{endpoint}, Log: zerolog.Nop()}).Limits()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, address, "run-of-"+address, func() {}) }() // ends when it is stopped
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run has returned %v", err)
		}
	})
	t.Cleanup(c.stop)
	c.Stand(limitName)
	return c
}

func (c *contender) owns() bool {
	_, until := c.Owner(limitName)
	return time.Now().Before(until)
}

func (c *contender) until() time.Time {
	_, until := c.Owner(limitName)
	return until
}

func (c *contender) knows(owner *contender) bool {
	address, _ := c.Owner(limitName)
	return address == owner.address
}

// startContenders returns two, of which the first is the owner, each of whom asks at an endpoint of
// its own. That they are never owners both is watched until the test ends.
func startContenders(t *testing.T, ofFirst, ofSecond string) (first, second *contender) {
	t.Helper()
	first = startContender(t, ofFirst, "10.0.0.1:7600")
	await(t, "the first one is the owner", first.owns)
	second = startContender(t, ofSecond, "10.0.0.2:7600")
	await(t, "the second one knows it", func() bool { return second.knows(first) })
	watchOwners(t, first, second)
	return first, second
}

func watchOwners(t *testing.T, all ...*contender) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends with the test
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			<-tick.C
			owners := ""
			for _, c := range all {
				if c.owns() { // those before have been owners a moment earlier only
					owners += c.address + " "
				}
			}
			if len(owners) > len(all[0].address)+1 {
				t.Errorf("owners at once: %s", owners)
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// succeeds waits until one becomes the owner, and fails if that is before the earlier one's time has
// ended.
func (c *contender) succeeds(t *testing.T, earlier *contender) {
	t.Helper()
	await(t, c.address+" is the owner", c.owns)
	if early := time.Until(earlier.until()); early > 0 {
		t.Errorf("it is the owner %v too early", early)
	}
}

func TestALimitHasOneOwnerAndAnotherWhenThatHasEndedAndItsTimeIsOver(t *testing.T) {
	s := startServer(t)
	first, second := startContenders(t, s.client, s.client)
	first.stop() // as a crash would: it has not resigned
	second.succeeds(t, first)
}

func TestWhoResignsLeavesTheLimitToAnotherAtOnce(t *testing.T) {
	s := startServer(t)
	first, second := startContenders(t, s.client, s.client)
	first.Resign(limitName)
	if first.owns() {
		t.Error("it is the owner after it has resigned")
	}
	began := time.Now()
	await(t, "the second one is the owner", second.owns)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("that took %v, as long as if the key had ended by itself", took)
	}
	first.Stand(limitName)
	await(t, "the first one knows it", func() bool { return first.knows(second) })
	second.Resign(limitName)
	second.stop()
	await(t, "the first one is the owner again", first.owns)
}

func TestWhoIsCutOffFromEtcdIsNotTheOwnerWhenAnotherOneBecomesIt(t *testing.T) {
	s := startServer(t)
	g := startGate(t, s.client)
	first, second := startContenders(t, g.address(), s.client)
	g.set(true)
	second.succeeds(t, first)
	g.set(false)
	await(t, "the first one knows it", func() bool { return first.knows(second) })
}

func TestTwoAreNeverOwnersWhileEtcdIsKilledFrozenAndStartedAgain(t *testing.T) {
	s := startServer(t)
	first, second := startContenders(t, s.client, s.client)
	one := func() bool { return first.owns() || second.owns() }
	none := func() bool { return !one() }
	s.kill()
	s.start()
	await(t, "there is an owner after a restart", one)
	s.kill()
	await(t, "nobody is the owner without etcd", none)
	s.start()
	await(t, "there is an owner again", one)
	s.signal(syscall.SIGSTOP)
	await(t, "nobody is the owner while etcd is frozen", none)
	s.signal(syscall.SIGCONT)
	await(t, "there is an owner at the end", one)
}

func TestAShortRestartOfEtcdTakesTheOfficeFromNobody(t *testing.T) {
	s := startServer(t)
	first, second := startContenders(t, s.client, s.client)
	before := first.until()
	s.kill()
	s.start()
	await(t, "it is prolonged", func() bool { return first.until().After(before.Add(2 * time.Second)) })
	if !second.knows(first) {
		t.Error("the second one does not know it any more")
	}
}

func TestWhoseKeySomebodyHasDeletedMakesNoOtherBeforeItsTimeIsOver(t *testing.T) {
	s := startServer(t)
	only := startContender(t, s.client, "10.0.0.1:7600")
	await(t, "it is the owner", only.owns)
	until := only.until()
	if _, err := s.admin().Delete(briefly(t), etcd.DefaultPrefix+"limits/"+limitName); err != nil {
		t.Fatal(err)
	}
	await(t, "it is the owner no more", func() bool { return !only.owns() })
	await(t, "it is the owner again", only.owns)
	if time.Now().Before(until) {
		t.Error("it is the owner again before the time of its first key was over")
	}
}

func TestAnEtcdThatHasLostEverythingHasAnOwnerAgain(t *testing.T) {
	s := startServer(t)
	only := startContender(t, s.client, "10.0.0.1:7600")
	await(t, "it is the owner", only.owns)
	s.kill()
	s.lose()
	await(t, "it is the owner no more", func() bool { return !only.owns() })
	s.start()
	await(t, "it is the owner again", only.owns)
}

func TestAnotherRunOfTheSameAddressIsNotTheOwner(t *testing.T) {
	s := startServer(t)
	first := startContender(t, s.client, "10.0.0.1:7600")
	await(t, "it is the owner", first.owns)
	first.stop()
	second := startContender(t, s.client, "10.0.0.1:7600")
	await(t, "the next run reads its key", func() bool { return second.knows(first) })
	if second.owns() {
		t.Error("it takes the key of the run before for its own")
	}
	second.succeeds(t, first)
}

func TestKeysOfLimitsAreNoNodesAndWhatIsNoOwnerIsNone(t *testing.T) {
	s := startServer(t)
	admin := s.admin()
	if _, err := admin.Put(briefly(t), etcd.DefaultPrefix+"limits/other", "no owner"); err != nil {
		t.Fatal(err)
	}
	only := startContender(t, s.client, "10.0.0.1:7600")
	only.Stand("other")
	await(t, "it is the owner", only.owns)
	if address, until := only.Owner("other"); address != "" || !until.IsZero() {
		t.Errorf("the owner of the other one is %q until %v", address, until)
	}
	n := startNode(t, s.client, "10.0.0.1:7600")
	n.awaitList("10.0.0.1:7600")
	if n.logged("is no node's") != 0 {
		t.Error("the node's log complains about limits")
	}
}

func TestManyLimitsHaveTheirOwnersAtOneNode(t *testing.T) {
	s := startServer(t)
	only := startContender(t, s.client, "10.0.0.1:7600")
	const limits = 100
	for i := range limits {
		only.Stand(fmt.Sprint("limit ", i))
	}
	await(t, "it is the owner of all, for some time", func() bool {
		for i := range limits {
			if _, until := only.Owner(fmt.Sprint("limit ", i)); time.Until(until) < 2*time.Second {
				return false
			}
		}
		return true
	})
}

func TestNothingOfALimitIsLeftAfterTheEnd(t *testing.T) {
	s := startServer(t)
	before := runtime.NumGoroutine()
	only := startContender(t, s.client, "10.0.0.1:7600")
	await(t, "it is the owner", only.owns)
	only.Resign(limitName)
	only.stop()
	await(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
	got, err := s.admin().Get(briefly(t), etcd.DefaultPrefix, clientv3.WithPrefix())
	if err != nil || len(got.Kvs) > 0 {
		t.Errorf("etcd has %v, %v", got.Kvs, err)
	}
}
