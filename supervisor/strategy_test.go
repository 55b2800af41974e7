package supervisor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/supervisor"
)

func TestFirstTwoRestartsAreImmediateAndTheThirdIsDelayedByAbout100Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 1)
		begin := time.Now()
		for i := range 2 {
			f.send(0, fail{})
			f.started(0, i+2)
		}
		if d := time.Since(begin); d != 0 {
			t.Fatalf("two restarts took %v, want none", d)
		}
		f.send(0, fail{})
		f.started(0, 3) // the first start and two restarts
		f.notices(0, true)
		time.Sleep(79 * time.Millisecond)
		f.started(0, 3)
		time.Sleep(42 * time.Millisecond)
		f.started(0, 4)
		f.notices(0, true, false)
		if d := f.lastStart(0).Sub(begin); d < 80*time.Millisecond || d > 120*time.Millisecond {
			t.Fatalf("the third restart came after %v, want 80 to 120 ms", d)
		}
	})
}

func TestChildIsNeverStoppedHoweverOftenItPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 1)
		var restarts int
		f.system.EventStream.Subscribe(func(e any) {
			if s, ok := e.(*actor.SupervisorEvent); ok && s.Directive == actor.RestartDirective {
				restarts++ // published by the parent, one at a time
			}
		})
		const panics = 20
		for i := range panics {
			f.send(0, fail{})
			time.Sleep(7 * time.Second) // more than the longest delay, less than a quiet time
			f.started(0, i+2)
		}
		f.send(0, "still there?")
		if got := f.heard(0); len(got) != 1 {
			t.Fatalf("heard %v after %d panics", got, panics)
		}
		if f.terminated() != 0 || restarts != panics {
			t.Fatalf("%d children stopped, %d restarts; want 0 and %d", f.terminated(), restarts, panics)
		}
	})
}

func TestFailingChildHarmsNeitherItsSiblingsNorItsOwnQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 2)
		for range 3 {
			f.send(0, fail{})
		}
		f.send(0, "sent while it backs off")
		f.send(1, "sent to its sibling")
		if got := f.heard(1); len(got) != 1 {
			t.Fatalf("the sibling heard %v", got)
		}
		f.started(1, 1)
		if got := f.heard(0); got != nil {
			t.Fatalf("a child in backoff heard %v", got)
		}
		time.Sleep(120 * time.Millisecond)
		if got := f.heard(0); len(got) != 1 {
			t.Fatalf("heard %v after the restart: the queue was lost", got)
		}
	})
}

func TestChildThatPanicsInStartedIsRestartedWithBackoffAndNotInAHotLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 1)
		f.breakStart(0, true)
		f.send(0, fail{})
		time.Sleep(time.Minute)
		if n := len(f.starts(0)); n < 14 || n > 22 {
			t.Fatalf("%d starts in a minute; with delays of 100 ms to 5 s it is about 18", n)
		}
		f.breakStart(0, false)
		time.Sleep(6 * time.Second)
		f.send(0, "well again?")
		if got := f.heard(0); len(got) != 1 {
			t.Fatalf("heard %v", got)
		}
	})
}

func TestQuietChildIsRestartedAtOnceAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 1)
		for range 4 {
			f.send(0, fail{})
			time.Sleep(time.Second)
		}
		f.started(0, 5)
		time.Sleep(10 * time.Second)
		for i := range 2 {
			f.send(0, fail{})
			f.started(0, 6+i)
		}
	})
}

func TestStopEndsTheTimersAndLeavesTheChildForItsParentToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 2)
		for range 3 {
			f.send(0, fail{})
		}
		f.notices(0, true)
		f.strategy.Stop()
		f.strategy.Stop()
		f.notices(0, true, false)
		for range 3 { // failures after Stop
			f.send(1, fail{})
		}
		time.Sleep(time.Minute)
		f.started(0, 3)
		f.started(1, 1)
		f.notices(1)
		f.stop()
		if n := f.terminated(); n != 2 {
			t.Fatalf("%d children stopped with their parent, want both", n)
		}
	})
}

func TestForgetEndsTheBackoffOfThatChildOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFamily(t, supervisor.DefaultPolicy, 2)
		for range 3 {
			f.send(0, fail{})
			f.send(1, fail{})
		}
		f.strategy.Forget(f.child(0))
		f.strategy.Forget(f.child(0))
		f.notices(0, true, false)
		time.Sleep(120 * time.Millisecond)
		f.started(0, 3)
		f.started(1, 4)
	})
}
