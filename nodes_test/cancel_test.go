//go:build linux

package nodes_test

import (
	"context"
	"testing"
	"time"
)

func TestAClientThatHangsUpEndsItsCallAtTheUpstreamOfAnotherNode(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	ctx, hangUp := context.WithCancel(t.Context())
	f := takeOff(ctx, t, c.asker, "openai/m", c.upstream, 2)
	hungUp := time.Now()
	hangUp()
	for _, a := range f {
		a.wait(t)
	}
	c.await(t, "all calls were cancelled", func(r report) bool { return r.canceled == len(f) && r.active == 0 })
	if took := time.Since(hungUp); took > time.Second {
		t.Errorf("the upstream saw it after %v", took)
	}
	ask(t, c.asker, "openai/m", wish{id: "after"})
}
