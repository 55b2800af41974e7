package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Upper bounds of the histograms' buckets, in seconds. Those of durations are what the
// conventions for generative AI recommend, and two more for answers that think.
var (
	durationBounds = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68}
	waitBounds     = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300}
	firstBounds    = []float64{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40}
)

// histogram is one of Prometheus', whose counts its owner guards: all that is known of
// a provider is read under one lock.
type histogram struct {
	bounds []float64
	counts []uint64 // by bucket, the last one without a bound
	sum    float64
}

func newHistogram(bounds []float64) *histogram {
	return &histogram{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
}

func (h *histogram) note(d time.Duration) {
	s := d.Seconds()
	i := 0
	for i < len(h.bounds) && s > h.bounds[i] {
		i++
	}
	h.counts[i]++
	h.sum += s
}

// metric is the histogram as it is now.
func (h *histogram) metric(d *prometheus.Desc, labels ...string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(h.bounds))
	total := uint64(0)
	for i, n := range h.counts {
		total += n
		if i < len(h.bounds) {
			buckets[h.bounds[i]] = total
		}
	}
	return prometheus.MustNewConstHistogram(d, total, h.sum, buckets, labels...)
}
