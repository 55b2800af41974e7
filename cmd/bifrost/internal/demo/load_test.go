package demo

import (
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var oneTarget = []Target{{Model: "p/m", Weight: 1}}

// doerFunc is a gateway without a network.
type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func answerWith(status int, header http.Header, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// good answers every request as it wants to be.
func good(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(body), `"stream":true`) {
		return answerWith(200, nil, "data: {}\n\ndata: [DONE]\n\n")
	}
	return answerWith(200, nil, "{}")
}

func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// begin starts a load that ends with the test; what it returns beside it ends it before.
func begin(t *testing.T, o Options) (*Load, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	if o.Targets == nil {
		o.Targets = oneTarget
	}
	l := New(o)
	ended := make(chan struct{})
	go func() { // ends with ctx
		defer close(ended)
		l.Run(ctx, "http://gateway")
	}()
	end := func() { cancel(); <-ended }
	t.Cleanup(end)
	return l, end
}

func checkSum(t *testing.T, n Counts) {
	t.Helper()
	if n.Sent != uint64(n.InFlight)+n.Answered+n.Refused+n.Failed+n.Left+n.Cut {
		t.Errorf("the sum is wrong: %+v", n)
	}
}

func TestArrivalsAreAPoissonProcessOfTheGivenRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seconds, rate = 1000, 40.0
		l, _ := begin(t, Options{Rate: rate, Doer: doerFunc(good)})
		mean, square, before := 0.0, 0.0, uint64(0)
		for range seconds {
			time.Sleep(time.Second)
			sent := l.Counts().Sent
			n := float64(sent - before)
			mean, square, before = mean+n/seconds, square+n*n/seconds, sent
		}
		// Its variance is its mean: for arrivals in step it would be about zero.
		if variance := square - mean*mean; math.Abs(mean-rate) > 1 || math.Abs(variance-rate) > 6 {
			t.Errorf("mean %v and variance %v of the requests per second, want %v", mean, variance, rate)
		}
		synctest.Wait()
		if n := l.Counts(); n.Answered != n.Sent || n.Held != 0 {
			t.Errorf("%+v", n)
		}
	})
}

func TestRequestsDoNotWaitForEachOtherAndAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, end := begin(t, Options{Rate: 100, MaxInFlight: 50, Doer: doerFunc(hang)})
		time.Sleep(10 * time.Second)
		n := l.Counts()
		if n.InFlight != 50 || n.Sent != 50 || n.Held < 800 {
			t.Errorf("%+v", n)
		}
		checkSum(t, n)
		end()
		if n := l.Counts(); n.InFlight != 0 || n.Cut != 50 {
			t.Errorf("at the end: %+v", n)
		}
	})
}

func TestANewRateCountsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := begin(t, Options{Rate: 1e-6, Doer: doerFunc(good)})
		during := func(d time.Duration) float64 {
			before := l.Counts().Sent
			time.Sleep(d)
			return float64(l.Counts().Sent - before)
		}
		near := func(got, want float64) {
			t.Helper()
			if math.Abs(got-want) > 5*math.Sqrt(want) {
				t.Errorf("%v requests, want about %v", got, want)
			}
		}
		near(during(time.Minute), 0)
		l.SetRate(100)
		near(during(10*time.Second), 1000)
		l.Pause(true)
		near(during(time.Hour), 0)
		l.SetRate(10)
		near(during(time.Hour), 0)
		l.Pause(false)
		near(during(100*time.Second), 1000)
		l.SetRate(1e9)
		near(during(10*time.Second), 10*DefaultMaxRate)
		l.SetRate(-1)
		near(during(time.Hour), 0)
	})
}

func TestTheRequestsAreAMixOfStreamsAndOfTheTargetsByTheirWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		seen := map[string]float64{}
		see := func(r *http.Request) (*http.Response, error) {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(strings.NewReader(string(text)))
			mu.Lock()
			defer mu.Unlock()
			for _, part := range []string{`"model":"a/m"`, `"model":"b/m"`, `"stream":true`} {
				if strings.Contains(string(text), part) {
					seen[part]++
				}
			}
			if r.Header.Get(headerTimeout) == "2" {
				seen["hurried"]++
			}
			return good(r)
		}
		l, _ := begin(t, Options{Targets: []Target{{"a/m", 1}, {"b/m", 3}}, Doer: doerFunc(see)})
		time.Sleep(1000 * time.Second)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		sent := float64(l.Counts().Sent)
		for part, want := range map[string]float64{`"model":"a/m"`: 0.25, `"model":"b/m"`: 0.75, `"stream":true`: streamedShare, "hurried": impatientShare} {
			if share := seen[part] / sent; math.Abs(share-want) > 0.02 {
				t.Errorf("%s: %v of the requests, want %v", part, share, want)
			}
		}
	})
}

func TestEachAnswerIsCountedAsWhatItIs(t *testing.T) {
	refusal := http.Header{headerOrigin: {originGateway}, headerCode: {"queue_full"}}
	for name, c := range map[string]struct {
		doer doerFunc
		want Counts
	}{
		"a whole answer or stream": {good, Counts{Answered: 1}},
		"a refusal": {func(*http.Request) (*http.Response, error) { return answerWith(503, refusal, "{}") },
			Counts{Refused: 1, Codes: map[string]uint64{"queue_full": 1}}},
		"an error of the provider": {func(*http.Request) (*http.Response, error) {
			return answerWith(500, http.Header{headerOrigin: {"upstream"}}, "{}")
		}, Counts{Failed: 1}},
		"a time that is over": {func(*http.Request) (*http.Response, error) { return answerWith(504, refusal, "{}") },
			Counts{Left: 1, Codes: map[string]uint64{"queue_full": 1}}},
		"no answer": {func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			Counts{Failed: 1, Codes: map[string]uint64{"broken_answer": 1}}},
		"an answer that ends early": {func(*http.Request) (*http.Response, error) { return answerWith(200, nil, "data: x\n\n") },
			Counts{Failed: 1, Codes: map[string]uint64{"broken_answer": 1}}},
		"a stream with an error": {func(*http.Request) (*http.Response, error) {
			return answerWith(200, nil, "data: {\"error\":{}}\n\ndata: [DONE]\n\n")
		}, Counts{Failed: 1, Codes: map[string]uint64{"broken_answer": 1}}},
		"one that never comes": {hang, Counts{Left: 1}},
	} {
		l := &Load{opts: Options{Doer: c.doer}}
		synctest.Test(t, func(t *testing.T) {
			for _, streamed := range []bool{false, true} {
				l.counts = counts{}
				l.counts.sent()
				l.counts.ended(l.call(t.Context(), "http://gateway", call{model: "p/m", prompt: "x", streamed: streamed}))
				got := l.Counts()
				checkSum(t, got)
				if got.Answered != c.want.Answered || got.Refused != c.want.Refused || got.Failed != c.want.Failed || got.Left != c.want.Left ||
					len(got.Codes) != len(c.want.Codes) {
					t.Errorf("%s, streamed %v: %+v, want %+v", name, streamed, got, c.want)
				}
			}
		})
	}
}

func TestWaitsArePercentilesWithinFivePercent(t *testing.T) {
	var w Waits
	if got := w.Percentile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for i := range 1000 {
		w.note(time.Duration(i+1) * 10 * time.Millisecond)
	}
	w.note(-1)
	w.note(time.Hour) // beyond all buckets
	for share, want := range map[float64]time.Duration{0: 0, 0.5: 5 * time.Second, 0.95: 9500 * time.Millisecond} {
		if got := w.Percentile(share); math.Abs(float64(got-want)) > 0.05*float64(want) {
			t.Errorf("%v: %v, want %v", share, got, want)
		}
	}
}
