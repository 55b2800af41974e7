package supervisor_test

import (
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/supervisor"
)

// family is a parent with children in an actor system, in a bubble.
type family struct {
	t        *testing.T
	system   *actor.ActorSystem
	parent   *actor.PID
	strategy *supervisor.Strategy
	over     chan struct{} // closed when the parent has stopped
	stopOnce sync.Once

	mu       sync.Mutex // guards what follows
	children []*member
	dead     int
}

type member struct {
	family *family
	pid    *actor.PID

	// guarded by the family's lock
	starts      []time.Time
	heard       []any
	backingOff  []bool // what was notified
	breaksStart bool
}

// fail makes a child panic.
type fail struct{}

// Receive is the child's.
func (m *member) Receive(ctx actor.Context) {
	m.family.mu.Lock()
	defer m.family.mu.Unlock()
	switch ctx.Message().(type) {
	case *actor.Started:
		m.pid = ctx.Self()
		m.starts = append(m.starts, time.Now())
		if m.breaksStart {
			panic("in Started")
		}
	case fail:
		panic("as told")
	case string:
		m.heard = append(m.heard, ctx.Message())
	}
}

func startFamily(t *testing.T, p supervisor.Policy, children int) *family {
	f := &family{t: t, over: make(chan struct{})}
	f.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	f.strategy = supervisor.New(p, f.notice, f.system.EventStream.Publish)
	for range children {
		f.children = append(f.children, &member{family: f})
	}
	props := actor.PropsFromFunc(f.receive, actor.WithSupervisor(f.strategy))
	f.parent = f.system.Root.Spawn(props)
	synctest.Wait()
	t.Cleanup(func() {
		f.strategy.Stop()
		f.stop()
		f.system.Shutdown()
	})
	return f
}

// receive is the parent's.
func (f *family) receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		for _, m := range f.children {
			ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return m }))
		}
	case *actor.Terminated:
		f.mu.Lock()
		f.dead++
		f.mu.Unlock()
	case *actor.Stopped:
		close(f.over)
	}
}

func (f *family) stop() {
	f.stopOnce.Do(func() { f.system.Root.Stop(f.parent) })
	<-f.over
}

func (f *family) notice(child *actor.PID, backingOff bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.children {
		if m.pid.Id == child.Id {
			m.backingOff = append(m.backingOff, backingOff)
		}
	}
}

// send sends a message to a child, and waits until nothing moves any more.
func (f *family) send(child int, message any) {
	f.system.Root.Send(f.child(child), message)
	synctest.Wait()
}

func (f *family) child(i int) *actor.PID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.children[i].pid
}

func (f *family) starts(child int) []time.Time {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.children[child].starts)
}

func (f *family) lastStart(child int) time.Time {
	s := f.starts(child)
	return s[len(s)-1]
}

func (f *family) started(child, times int) {
	f.t.Helper()
	if n := len(f.starts(child)); n != times {
		f.t.Fatalf("child %d has started %d times, want %d", child, n, times)
	}
}

func (f *family) heard(child int) []any {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.children[child].heard)
}

func (f *family) notices(child int, want ...bool) {
	f.t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := f.children[child].backingOff; !slices.Equal(got, want) {
		f.t.Fatalf("notices of child %d backing off: %v, want %v", child, got, want)
	}
}

func (f *family) breakStart(child int, broken bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.children[child].breaksStart = broken
}

func (f *family) terminated() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}
