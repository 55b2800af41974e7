package supervisor_test

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/supervisor"
)

// parentStub counts what a strategy asks of a supervisor.
type parentStub struct{ restarts, others atomic.Int32 }

func (p *parentStub) Children() []*actor.PID             { return nil }
func (p *parentStub) EscalateFailure(any, any)           { p.others.Add(1) }
func (p *parentStub) RestartChildren(pids ...*actor.PID) { p.restarts.Add(int32(len(pids))) }
func (p *parentStub) StopChildren(...*actor.PID)         { p.others.Add(1) }
func (p *parentStub) ResumeChildren(...*actor.PID)       { p.others.Add(1) }

// stubbed returns a strategy without actors, and a function that fails a child.
func stubbed(notify func(*actor.PID, bool)) (*supervisor.Strategy, *parentStub, func(id string)) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	s, p := supervisor.New(supervisor.DefaultPolicy, notify, nil), &parentStub{}
	return s, p, func(id string) { s.HandleFailure(system, p, &actor.PID{Id: id}, nil, "reason", nil) }
}

func TestChildThatFailsWhileItBacksOffIsRestartedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, parent, failure := stubbed(nil)
		for range 6 {
			failure("a")
		}
		if n := parent.restarts.Load(); n != 2 {
			t.Fatalf("%d restarts at once, want 2", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := parent.restarts.Load(); n != 3 {
			t.Fatalf("%d restarts, want one more", n)
		}
	})
}

func TestForgottenChildStartsWithACleanRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, parent, failure := stubbed(nil)
		for range 3 {
			failure("a")
		}
		s.Forget(&actor.PID{Id: "a"})
		s.Forget(&actor.PID{Id: "unknown"})
		for range 2 {
			failure("a")
		}
		if n := parent.restarts.Load(); n != 4 {
			t.Fatalf("%d restarts at once, want 4", n)
		}
	})
}

func TestStrategyAsksForNothingButRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, parent, failure := stubbed(nil)
		for range 100 {
			failure("a")
			time.Sleep(5 * time.Second)
		}
		if n := parent.others.Load(); n != 0 {
			t.Fatalf("%d directives other than restart", n)
		}
	})
}

func TestEveryBackoffThatBeginsEndsUnderFailuresForgetsAndStopFromAllSides(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var begun, ended atomic.Int32
			s, parent, failure := stubbed(func(_ *actor.PID, backingOff bool) {
				if backingOff {
					begun.Add(1)
				} else {
					ended.Add(1)
				}
			})
			var wg sync.WaitGroup
			for _, id := range []string{"a", "b", "c", "d"} {
				for range 3 {
					wg.Go(func() {
						for i := range 30 {
							failure(id)
							if i%10 == 9 {
								s.Forget(&actor.PID{Id: id})
							}
							time.Sleep(40 * time.Millisecond)
						}
					})
				}
			}
			wg.Go(func() { time.Sleep(time.Second); s.Stop() })
			wg.Wait()
			synctest.Wait()
			if b, e := begun.Load(), ended.Load(); b != e || b == 0 {
				t.Fatalf("%d backoffs begun, %d ended", b, e)
			}
			before := parent.restarts.Load()
			time.Sleep(time.Hour)
			synctest.Wait()
			if after := parent.restarts.Load(); after != before {
				t.Fatalf("%d restarts after Stop", after-before)
			}
		})
	}
}
