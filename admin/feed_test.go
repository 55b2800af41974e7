package admin

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted returns a feed, and how many snapshots it has made. The bubble fails if a
// goroutine is left.
func counted() (*feed, *atomic.Int64) {
	n := new(atomic.Int64)
	return newFeed(func() State {
		n.Add(1)
		return State{At: time.Now()}
	}), n
}

func taken(v *viewer) bool {
	select {
	case <-v.next:
		return true
	default:
		return false
	}
}

func gone(v *viewer) bool {
	select {
	case <-v.dropped:
		return true
	default:
		return false
	}
}

func mustWatch(t *testing.T, f *feed, interval time.Duration) *viewer {
	t.Helper()
	v, refused := f.watch(interval)
	if v == nil {
		t.Fatal(refused)
	}
	return v
}

func TestAllWhoWatchShareOneSnapshotPerInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, made := counted()
		defer f.close()
		var all []*viewer
		for range maxViewers {
			all = append(all, mustWatch(t, f, time.Second))
		}
		for range 10 {
			for i, v := range all {
				if !taken(v) {
					t.Fatalf("viewer %d has no snapshot after an interval", i)
				}
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if n := made.Load(); n < 10 || n > 12 {
			t.Errorf("%d snapshots in ten seconds for %d viewers, want one a second", n, len(all))
		}
	})
}

func TestEachViewerHasItsOwnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := counted()
		defer f.close()
		intervals := map[time.Duration]int{tick: 40, time.Second: 10, 5 * time.Second: 2}
		got := map[time.Duration]int{}
		viewers := map[time.Duration]*viewer{}
		for interval := range intervals {
			viewers[interval] = mustWatch(t, f, interval)
			taken(viewers[interval])
		}
		for range 10 * int(time.Second/tick) {
			time.Sleep(tick)
			synctest.Wait()
			for interval, v := range viewers {
				if taken(v) {
					got[interval]++
				}
			}
		}
		for interval, want := range intervals {
			if n := got[interval]; n < want-1 || n > want {
				t.Errorf("interval %v: %d snapshots in ten seconds, want %d", interval, n, want)
			}
		}
	})
}

func TestNothingRunsWhileNobodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, made := counted()
		for range 3 {
			v := mustWatch(t, f, time.Second)
			time.Sleep(2 * time.Second)
			f.leave(v)
			f.leave(v) // again does no harm
			synctest.Wait()
			before := made.Load()
			time.Sleep(time.Minute)
			if made.Load() != before {
				t.Error("snapshots are made although nobody watches")
			}
		}
		f.close()
	})
}

func TestAViewerThatIsTooSlowIsDroppedAndOthersAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := counted()
		defer f.close()
		slow, quick := mustWatch(t, f, time.Second), mustWatch(t, f, time.Second)
		for range 8 {
			taken(quick)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if gone(slow) {
			t.Fatal("a viewer may lag for ten seconds")
		}
		if !taken(slow) {
			t.Fatal("a viewer that lags keeps the snapshot that it has not taken")
		}
		for range 14 {
			taken(quick)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if !gone(slow) || gone(quick) {
			t.Errorf("slow dropped: %v, quick dropped: %v", gone(slow), gone(quick))
		}
		f.leave(slow) // its handler does that when it has seen that it was dropped
	})
}

func TestThereIsABoundOnWhoWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := counted()
		defer f.close()
		var first *viewer
		for i := range maxViewers {
			if v := mustWatch(t, f, time.Second); i == 0 {
				first = v
			}
		}
		if v, refused := f.watch(time.Second); v != nil || refused != codeBusy {
			t.Errorf("got %v, %q", v, refused)
		}
		f.leave(first)
		mustWatch(t, f, time.Second)
	})
}

func TestCloseDropsAllAndMayBeRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := counted()
		v := mustWatch(t, f, time.Second)
		for range 10 {
			go f.close() // ends at once
		}
		f.close()
		if !gone(v) {
			t.Error("a viewer outlives the feed")
		}
		if v, refused := f.watch(time.Second); v != nil || refused != codeClosed {
			t.Errorf("got %v, %q", v, refused)
		}
		f.leave(v)
		f.close()
	})
}

func TestManyComeAndGoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := counted()
		for range maxViewers {
			go func() { // ends after 50 visits, or when the feed is closed
				for range 50 {
					v, _ := f.watch(tick)
					if v == nil {
						return
					}
					select {
					case <-v.next:
					case <-v.dropped:
					}
					f.leave(v)
				}
			}()
		}
		time.Sleep(time.Second)
		f.close()
	})
}

func FuzzReadEvents(f *testing.F) {
	f.Add("event: state\ndata: {\"version\":\"1\"}\n\n")
	f.Add(": comment\ndata:{}\r\n\r\ndata: {\"providers\":[{\"name\":\"a\"}]}\n\n")
	f.Add("data: {")
	f.Fuzz(func(t *testing.T, stream string) {
		n := 0
		err := readEvents(strings.NewReader(stream), func(State) bool { n++; return true })
		if err == nil {
			t.Error("a stream that ends is an error, unless the reader leaves")
		}
		if n > 0 {
			if err := readEvents(strings.NewReader(stream), func(State) bool { return false }); err != nil {
				t.Errorf("the reader has left: %v", err)
			}
		}
	})
}
