package supervisor_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bifrost/supervisor"
)

// steady is a random number that leaves a delay as it is.
const steady = 0.5

func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestWindowDelaysRestartsByItsRule(t *testing.T) {
	const ms = time.Millisecond
	type failure struct {
		after time.Duration // since the failure before
		delay time.Duration
	}
	for name, failures := range map[string][]failure{
		"one failure":                  {{0, 0}},
		"two are restarted at once":    {{0, 0}, {0, 0}},
		"the third within ten seconds": {{0, 0}, {sec(5), 0}, {sec(4.999), 100 * ms}},
		"the third after ten seconds":  {{0, 0}, {sec(5), 0}, {sec(5), 0}, {sec(4), 100 * ms}},
		"one every six seconds":        {{0, 0}, {sec(6), 0}, {sec(6), 0}, {sec(6), 0}, {sec(6), 0}},
		"doubling up to the cap": {{0, 0}, {0, 0}, {0, 100 * ms}, {sec(0.1), 200 * ms}, {sec(0.2), 400 * ms},
			{sec(0.4), 800 * ms}, {sec(0.8), 1600 * ms}, {sec(1.6), 3200 * ms}, {sec(3.2), 5 * time.Second},
			{sec(5), 5 * time.Second}, {sec(5), 5 * time.Second}},
		"on and on while each comes within ten seconds of the restart": {{0, 0}, {0, 0}, {0, 100 * ms},
			{sec(0.1) + sec(9.999), 200 * ms}, {sec(0.2) + sec(9.999), 400 * ms}},
		"from the start after ten quiet seconds":              {{0, 0}, {0, 0}, {0, 100 * ms}, {sec(0.1) + sec(10), 0}, {0, 0}, {0, 100 * ms}},
		"quiet counts from the restart, not from the failure": {{0, 0}, {0, 0}, {0, 100 * ms}, {sec(10), 200 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			var w supervisor.Window
			now := time.Unix(1000, 0)
			for i, f := range failures {
				now = now.Add(f.after)
				if got := w.Failure(supervisor.DefaultPolicy, now, steady); got != f.delay {
					t.Fatalf("failure %d: delay %v, want %v", i+1, got, f.delay)
				}
			}
		})
	}
}

func TestDelayStaysAtTheCapHoweverLongTheFailuresGoOn(t *testing.T) {
	var w supervisor.Window
	now := time.Unix(1000, 0)
	for i := range 1000 {
		now = now.Add(6 * time.Second)
		delay := w.Failure(supervisor.DefaultPolicy, now, steady)
		now = now.Add(delay)
		w.Failure(supervisor.DefaultPolicy, now, steady) // the same second, so that delays begin and go on
		if i > 10 && delay != supervisor.DefaultPolicy.Max {
			t.Fatalf("failure %d: delay %v, want the cap", i, delay)
		}
	}
}

func TestJitterIsAFifthEachWay(t *testing.T) {
	for _, c := range []struct {
		random float64
		want   time.Duration
	}{{0, 80 * time.Millisecond}, {0.25, 90 * time.Millisecond}, {0.5, 100 * time.Millisecond}, {0.999999, 120 * time.Millisecond}} {
		t.Run(fmt.Sprint(c.random), func(t *testing.T) {
			var w supervisor.Window
			now := time.Unix(1000, 0)
			w.Failure(supervisor.DefaultPolicy, now, c.random)
			w.Failure(supervisor.DefaultPolicy, now, c.random)
			if got := w.Failure(supervisor.DefaultPolicy, now, c.random); (got - c.want).Abs() > time.Microsecond {
				t.Fatalf("delay %v, want %v", got, c.want)
			}
		})
	}
}

// failures draws the times between failures, some in a burst and some far apart,
// and feeds them to a window.
func failures(t *rapid.T, p supervisor.Policy, each func(w *supervisor.Window, now time.Time, delay time.Duration)) {
	var w supervisor.Window
	now := time.Unix(1000, 0)
	for _, ms := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 6000), rapid.IntRange(0, 20000)), 1, 60).Draw(t, "ms between failures") {
		now = now.Add(time.Duration(ms) * time.Millisecond)
		delay := w.Failure(p, now, rapid.Float64Range(0, 0.9999).Draw(t, "random"))
		each(&w, now, delay)
		now = now.Add(delay) // a worker does not fail before its restart
	}
}

func policies(t *rapid.T) supervisor.Policy {
	initial := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "initial"))
	return supervisor.Policy{
		Free:    rapid.IntRange(0, 5).Draw(t, "free"),
		Within:  time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "within")),
		Initial: initial,
		Max:     initial + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "max")),
		Jitter:  rapid.Float64Range(0, 1).Draw(t, "jitter"),
	}
}

func TestDelayIsNeverNegativeNorOverTheCapWithJitter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		most := time.Duration(float64(p.Max) * (1 + p.Jitter))
		failures(t, p, func(_ *supervisor.Window, _ time.Time, delay time.Duration) {
			if delay < 0 || delay > most {
				t.Fatalf("delay %v, want 0 to %v", delay, most)
			}
		})
	})
}

func TestDelayComesExactlyWithTheThirdFailureInTenSecondsOrTheNextSoonAfterADelay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := supervisor.DefaultPolicy
		var all []time.Time
		var restarted time.Time // the last delayed restart, if the delays go on
		failures(t, p, func(_ *supervisor.Window, now time.Time, delay time.Duration) {
			if !restarted.IsZero() && now.Sub(restarted) >= p.Within {
				restarted, all = time.Time{}, nil
			}
			all = append(all, now)
			recent := 0
			for _, at := range all {
				if now.Sub(at) < p.Within {
					recent++
				}
			}
			late := recent > p.Free || !restarted.IsZero()
			if late != (delay > 0) {
				t.Fatalf("delay %v at failure %d in ten seconds; the last delayed restart was at %v, now is %v", delay, recent, restarted, now)
			}
			if late {
				restarted = now.Add(delay)
			}
		})
	})
}

func TestWindowStartsAnewAfterAQuietTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		p.Free = max(p.Free, 1)
		failures(t, p, func(w *supervisor.Window, now time.Time, delay time.Duration) {
			later := *w // what comes after is another story
			quiet := now.Add(delay + p.Within)
			for i := range p.Free {
				if d := later.Failure(p, quiet, steady); d != 0 {
					t.Fatalf("failure %d after a quiet time: delay %v", i+1, d)
				}
			}
		})
	})
}
