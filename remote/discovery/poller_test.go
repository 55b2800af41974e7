package discovery

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// run lets a poller go for a while of virtual time and returns when it looked up, in
// seconds since its start.
func run(t *testing.T, d time.Duration, interval time.Duration, lookup func(n int) ([]string, error)) (at []float64, lists [][]string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		p := &poller{interval: interval, timeout: time.Second}
		p.lookup = func(context.Context) ([]string, error) {
			at = append(at, time.Since(began).Seconds())
			return lookup(len(at) - 1)
		}
		p.run(ctx, func(list []string) { lists = append(lists, list) })
	})
	return at, lists
}

func TestAnOutageIsMetWithPausesThatDoubleUpToTheirCap(t *testing.T) {
	at, lists := run(t, 5*time.Minute, 5*time.Second, func(int) ([]string, error) { return nil, errors.New("no server") })
	if len(lists) != 0 {
		t.Errorf("look-ups that failed have given %v", lists)
	}
	want := []float64{5, 10, 20, 30, 30, 30}
	for i, pause := range want {
		if got := at[i+1] - at[i]; got < pause*0.89 || got > pause*1.11 {
			t.Errorf("pause %d is %.1f s, want %.0f s and a tenth more or less", i, got, pause)
		}
	}
}

func TestAfterAnOutageTheIntervalIsTheOldOne(t *testing.T) {
	at, lists := run(t, 5*time.Minute, 5*time.Second, func(n int) ([]string, error) {
		if n >= 1 && n <= 5 {
			return nil, errors.New("no server")
		}
		return []string{"10.0.0.2:1"}, nil
	})
	if pause := at[7] - at[6]; pause > 5.6 {
		t.Errorf("the pause after the outage is %.1f s, want 5 s", pause)
	}
	if len(lists) != 1 {
		t.Errorf("one list that never changed is reported %d times", len(lists))
	}
}

func TestAFailureBetweenAnswersOfNoSuchNameDoesNotCountForThem(t *testing.T) {
	gone := &net.DNSError{IsNotFound: true}
	answers := []error{nil, gone, gone, errors.New("no server"), nil, gone, gone, errors.New("no server"), gone}
	_, lists := run(t, 20*time.Second, time.Second, func(n int) ([]string, error) {
		if n >= len(answers) {
			return nil, gone
		}
		if answers[n] != nil {
			return nil, answers[n]
		}
		return []string{"10.0.0.2:1"}, nil
	})
	if !slices.EqualFunc(lists, [][]string{{"10.0.0.2:1"}, {}}, slices.Equal) {
		t.Errorf("got the lists %v, want one with an address and then an empty one", lists)
	}
}

func TestBackoffNeverOverflows(t *testing.T) {
	for failures := range 200 {
		if d := backoff(time.Second, time.Hour, failures); d < time.Second || d > time.Hour {
			t.Fatalf("after %d failures the pause is %v", failures, d)
		}
	}
	if d := backoff(time.Hour, time.Hour, 9); d != time.Hour {
		t.Errorf("the pause is %v, want the interval", d)
	}
}
