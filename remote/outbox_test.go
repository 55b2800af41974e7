package remote

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// taking is one sender of the model: what it wants, and how to end its wait.
type taking struct {
	bytes int
	end   context.CancelFunc
	done  chan error
}

// The outbox beside a plain list: who waits has no room, and in their order they get it.
func TestTheOutboxGivesRoomInOrderAndTakesItBack(t *testing.T) {
	const limit = 100
	rapid.Check(t, func(r *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 299), 1, 60).Draw(r, "steps")
		synctest.Test(t, func(*testing.T) {
			o := newOutbox(limit)
			var waiting []*taking
			var sent []int
			used := 0
			admit := func() {
				for len(waiting) > 0 && (used == 0 || used+waiting[0].bytes <= limit) {
					w := waiting[0]
					waiting = waiting[1:]
					used += w.bytes
					sent = append(sent, w.bytes)
					if err := <-w.done; err != nil {
						r.Fatalf("who has room has the error %v", err)
					}
				}
			}
			for _, step := range steps {
				switch bytes := step / 3; {
				case step%3 == 0 || len(sent) == 0 && len(waiting) == 0:
					ctx, end := context.WithCancel(context.Background())
					w := &taking{bytes: bytes + 1, end: end, done: make(chan error, 1)}
					go func() { w.done <- o.take(ctx, w.bytes) }() // ends with its room, or with ctx
					synctest.Wait()
					waiting = append(waiting, w)
				case step%3 == 1 && len(sent) > 0:
					used -= sent[0]
					o.written(sent[0])
					sent = sent[1:]
				case len(waiting) > 0:
					i := bytes % len(waiting)
					w := waiting[i]
					waiting = append(waiting[:i:i], waiting[i+1:]...)
					w.end()
					if err := <-w.done; !errors.Is(err, context.Canceled) {
						r.Fatalf("who has left has %v", err)
					}
				}
				synctest.Wait()
				admit()
				if got := o.buffered(); got != used {
					r.Fatalf("it holds %d bytes, want %d", got, used)
				}
				for _, w := range waiting {
					select {
					case err := <-w.done:
						r.Fatalf("who must wait has %v", err)
					default:
					}
				}
			}
			over := errors.New("over")
			o.close(over)
			for _, w := range waiting {
				if err := <-w.done; err != over {
					r.Fatalf("who waited at the end has %v", err)
				}
				w.end()
			}
			if err := errors.Join(o.take(context.Background(), 1), o.force(1)); err == nil {
				r.Fatal("a closed outbox takes something")
			}
		})
	})
}

func TestSmallMessagesPassAFullOutboxButNotForEver(t *testing.T) {
	o := newOutbox(100)
	if err := o.take(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := o.force(10); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.force(1); err != errFlooded {
		t.Errorf("got %v", err)
	}
	o.written(200)
	if err := o.force(1); err != nil || o.buffered() != 1 {
		t.Errorf("got %v, with %d bytes", err, o.buffered())
	}
}

func TestAnOutboxThatStandsStillIsNoticed(t *testing.T) {
	o := newOutbox(10 * windowBytes)
	now := time.Now()
	if o.stalled(now) != 0 || o.moves(now) {
		t.Error("an idle outbox stalls or moves")
	}
	_ = o.take(context.Background(), 2*windowBytes)
	o.write(now)
	if d := o.stalled(now.Add(3 * time.Second)); d != 3*time.Second {
		t.Errorf("it stalls for %v", d)
	}
	o.written(1)
	if o.moves(time.Now()) {
		t.Error("a heartbeat counts for much")
	}
	o.written(windowBytes)
	if o.stalled(time.Now()) != 0 || !o.moves(time.Now()) || o.moves(time.Now().Add(movingFor)) {
		t.Error("what was just taken is not seen")
	}
}
