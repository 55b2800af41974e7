package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost/remote/discovery"
)

var began = time.Unix(1_000_000, 0)

func expect(t *testing.T, n *nodes, at time.Duration, want ...string) {
	t.Helper()
	if got := n.list(began.Add(at)); !slices.Equal(got, want) {
		t.Errorf("after %v the list is %v, want %v", at, got, want)
	}
}

func TestADeletedKeyIsOutAtOnceAndAMissingOneAfterAWhile(t *testing.T) {
	n := newNodes(10 * time.Second)
	n.read([]string{"a:1", "b:1", "c:1"}, began)
	n.deleted("a:1")
	expect(t, n, 0, "b:1", "c:1")

	n.read([]string{"c:1"}, began)
	expect(t, n, 9*time.Second, "b:1", "c:1")
	if d, ok := n.next(began.Add(9 * time.Second)); !ok || d != time.Second {
		t.Errorf("the list is to change in %v, %v; want 1 s", d, ok)
	}
	expect(t, n, 10*time.Second, "c:1")
	if _, ok := n.next(began); ok {
		t.Error("nobody is doubtful, and still something is awaited")
	}
}

func TestAMissingKeyThatComesAgainWasNeverOut(t *testing.T) {
	n := newNodes(10 * time.Second)
	n.read([]string{"a:1", "b:1"}, began)
	n.read(nil, began)
	n.put("a:1")
	n.read([]string{"a:1"}, began.Add(8*time.Second)) // does not make b's time longer
	expect(t, n, 9*time.Second, "a:1", "b:1")
	expect(t, n, 10*time.Second, "a:1")
}

func TestADoubtfulKeyThatIsDeletedIsOut(t *testing.T) {
	n := newNodes(10 * time.Second)
	n.read([]string{"a:1"}, began)
	n.read(nil, began)
	n.deleted("a:1")
	expect(t, n, 0)
}

func TestTheListIsBounded(t *testing.T) {
	n := newNodes(time.Second)
	for i := range discovery.MaxAddresses + 10 {
		n.put(fmt.Sprintf("a%d:1", i))
	}
	if got := len(n.list(began)); got != discovery.MaxAddresses {
		t.Errorf("it has %d addresses", got)
	}
}

func TestSettingsThatCannotWorkAreRefusedTogether(t *testing.T) {
	s := &Source{Endpoints: []string{"http://a", "b"}, Advertise: "c", TTL: -1}
	err := s.Run(context.Background(), nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"an endpoint of etcd", "to register", "negative"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
	if err := (&Source{}).Run(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "no endpoints") {
		t.Errorf("without endpoints the error is %v", err)
	}
}

func TestDefaultsAndRoundingAreAsTheFieldsSay(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{0: DefaultTTL, 1: time.Second, 1500 * time.Millisecond: 2 * time.Second, time.Minute: time.Minute} {
		if got := (&Source{TTL: ttl}).ttl(); got != want {
			t.Errorf("%v becomes %v, want %v", ttl, got, want)
		}
	}
	for prefix, want := range map[string]string{"": DefaultPrefix, "/x": "/x/", "/x/": "/x/"} {
		if got := (&Source{Prefix: prefix}).prefix(); got != want {
			t.Errorf("%q becomes %q, want %q", prefix, got, want)
		}
	}
}

func TestASourceEndsWhileNoServerAnswers(t *testing.T) {
	for name, password := range map[string]string{"without a password": "", "with a password": "secret"} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		s := &Source{Endpoints: []string{"127.0.0.1:1"}, Advertise: "a:1", Username: password, Password: password}
		go func() { done <- s.Run(ctx, nil) }() // ends when ctx does
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: Run has returned %v", name, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: Run goes on after its context has ended", name)
		}
	}
}

// The value of a limit's key comes from whoever can write to etcd.
func FuzzOwnerOf(f *testing.F) {
	for _, seed := range []string{"10.0.0.2:7600 run", "10.0.0.2:7600", "", " run", "a:1  x y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		address, run, err := ownerOf(value)
		if err == nil && (address+" "+run != value || run == "" || discovery.CheckAddress(address) != nil) {
			t.Errorf("%q gives %q and %q", value, address, run)
		}
	})
}

func TestAnOwnersTimeCountsFromWhenItAskedLessFivePercent(t *testing.T) {
	for seconds, want := range map[int64]time.Duration{5: 4750 * time.Millisecond, 2: 1900 * time.Millisecond, 60: 4750 * time.Millisecond, 0: 0} {
		if got := untilOf(began, seconds).Sub(began); got != want {
			t.Errorf("%d s become %v, want %v", seconds, got, want)
		}
	}
}

// A key comes from whoever can write to etcd.
func FuzzAddressOf(f *testing.F) {
	for _, seed := range []string{DefaultPrefix + "10.0.0.2:7600", DefaultPrefix, "", "/other/a:1", DefaultPrefix + "a/b:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		address, err := addressOf(DefaultPrefix, key)
		if err == nil && (DefaultPrefix+address != key || discovery.CheckAddress(address) != nil) {
			t.Errorf("%q gives %q", key, address)
		}
	})
}
