package observe

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestPercentilesAreAtMostAThirtysecondOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour/time.Microsecond)), 1, 200).Draw(t, "microseconds")
		var s scale
		for _, v := range values {
			s.note(time.Duration(v) * time.Microsecond)
		}
		slices.Sort(values)
		got := s.percentiles()
		if got.Count != len(values) {
			t.Fatalf("counted %d of %d", got.Count, len(values))
		}
		for percent, is := range map[int]time.Duration{50: got.P50, 95: got.P95, 99: got.P99} {
			want := time.Duration(values[(len(values)*percent+99)/100-1]) * time.Microsecond
			if off := (is - want).Abs(); off > want/32+time.Microsecond {
				t.Errorf("the %dth percentile is %v, want %v", percent, is, want)
			}
		}
	})
}

func TestEveryDurationHasAStepWithItsMiddleNearIt(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Microsecond, 15 * time.Microsecond, 16 * time.Microsecond, 33 * time.Microsecond,
		time.Millisecond, time.Second, time.Hour, 1000 * time.Hour} {
		step := stepOf(d)
		if step < 0 || step >= scaleSteps {
			t.Errorf("%v has the step %d of %d", d, step, scaleSteps)
		}
	}
	for step := range scaleSteps {
		if back := stepOf(middleOf(step)); back != step {
			t.Errorf("the middle of step %d is in step %d", step, back)
		}
	}
}

func TestAWindowForgetsAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(Options{})
		p := r.provider("p")
		end := func() {
			now := time.Now()
			p.end(&ending{flight: &flight{began: now.Add(-time.Second)}, at: now, outcome: completed, tokens: tokens{input: 3, output: 5}}, "m", 0)
		}
		end()
		if w := r.Window("p"); w.RequestsPerSecond != 1 || w.OutputTokensPerSecond != 5 || w.Latency.Count != 1 {
			t.Errorf("at once: %+v", w)
		}
		time.Sleep(20 * time.Second)
		if w := r.Window("p"); w != (Window{}) {
			t.Errorf("after 20 s: %+v", w)
		}
		for range 30 {
			end()
			end()
			time.Sleep(time.Second)
		}
		w := r.Window("p")
		if w.RequestsPerSecond < 1.8 || w.RequestsPerSecond > 2.2 || w.InputTokensPerSecond < 5.4 || w.InputTokensPerSecond > 6.6 {
			t.Errorf("two a second: %+v", w)
		}
		if off := (w.Latency.P50 - time.Second).Abs(); off > time.Second/32 {
			t.Errorf("the median is %v", w.Latency.P50)
		}
	})
}

func TestNothingIsKnownOfAStrangersWindow(t *testing.T) {
	if w := NewRecorder(Options{}).Window("nobody"); w != (Window{}) {
		t.Errorf("got %+v", w)
	}
}

func TestARingKeepsTheLastOnes(t *testing.T) {
	r := ring[int]{size: 3}
	if got := r.newestFirst(); len(got) != 0 {
		t.Errorf("an empty one has %v", got)
	}
	for i, want := range [][]int{{0}, {1, 0}, {2, 1, 0}, {3, 2, 1}, {4, 3, 2}} {
		r.put(i)
		if got := r.newestFirst(); !slices.Equal(got, want) {
			t.Errorf("after %d: got %v, want %v", i, got, want)
		}
	}
}
