//go:build linux

package nodes_test

import (
	"context"
	"testing"
	"time"
)

// etcdLimit is the limit of these tests.
const etcdLimit = 6

func TestUpstreamNeverSeesMoreThanALimitInEtcdWhileItsOwnerIsKilledAndEtcdIsStartedAgain(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	l := newLimitedTo(t, etcdLimit, newUpstream(t, loopback{}, 0), e.table(), loopback{}, loopback{}, loopback{})
	l.load(t, 8)
	l.awaitAnswers(t, 20, l.others()...)
	l.check(t, etcdLimit, "three nodes")

	killed := l.owner(t)
	l.nodes[killed].kill(t)
	l.awaitAnswers(t, 50, l.others(killed)...)
	heir := l.owner(t)
	l.check(t, etcdLimit, "the owner is killed")
	l.nodes[killed].restart(t)
	l.nodes[killed].awaitReady(t)
	l.awaitAnswers(t, 20, l.others()...)
	l.check(t, etcdLimit, "it is back")

	e.kill(t)
	e.restart(t)
	l.awaitAnswers(t, 100, l.others()...)
	l.check(t, etcdLimit, "etcd is started again")

	e.kill(t)
	l.nodes[heir].log.await(t, "does not lend the slots of a limit")
	for i := range l.nodes {
		before := l.refused[i].Load()
		eventually(t, "a node refuses without etcd", func() bool { return l.refused[i].Load() > before })
	}
	e.restart(t)
	l.awaitAnswers(t, 20, l.others()...)
	l.check(t, etcdLimit, "etcd was gone for long")

	killed = heir
	l.nodes[killed].kill(t)
	l.nodes[killed].restart(t) // while its key is there
	l.nodes[killed].awaitReady(t)
	l.awaitAnswers(t, 50, l.others()...)
	l.check(t, etcdLimit, "a node is killed and started at once")
}

func TestOfTwoNodesThatWithEtcdGoesOnAndTheOtherRefuses(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, "a", "b", "etcd", "upstream")
	a, b, keeper := n.host("a"), n.host("b"), n.host("etcd")
	e := startEtcdIn(t, keeper, keeper)
	l := newLimitedTo(t, etcdLimit, newUpstream(t, n.host("upstream"), 0), "plaintext = true\n"+e.table(), a, b)
	l.load(t, 8)
	l.awaitAnswers(t, 20, 0, 1)
	l.check(t, etcdLimit, "two nodes")

	owner := l.owner(t)
	hosts := []*host{a, b}
	n.partition([]*host{hosts[owner]}, []*host{hosts[1-owner], keeper})
	before := l.refused[owner].Load()
	eventually(t, "the owner, which is cut off from etcd, refuses", func() bool { return l.refused[owner].Load() > before })
	l.awaitAnswers(t, 50, 1-owner)
	l.check(t, etcdLimit, "two parts")

	n.heal()
	l.awaitAnswers(t, 20, 0, 1)
	l.check(t, etcdLimit, "one again")

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if got, err := l.nodes[owner].chat(ctx, "up/m", wish{id: "after"}.prompt()); err != nil || got.status != 200 {
		t.Errorf("the one that was cut off says %v, %v", got, err)
	}
}
