package codec

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
)

// text returns s as protobuf can carry it: one byte that is no UTF-8 would make the whole
// message unsendable.
func text(s string) string {
	if utf8.ValidString(s) { // which is faster
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// optionalText returns s itself if protobuf can carry it.
func optionalText(s *string) *string {
	if s == nil || utf8.ValidString(*s) {
		return s
	}
	clean := text(*s)
	return &clean
}

func texts(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = text(s)
	}
	return out
}

// small returns n, or the nearest number that fits.
func small(n int) int32 { return int32(max(math.MinInt32, min(math.MaxInt32, n))) }

// encodeDuration returns nil for 0.
func encodeDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// decodeDuration returns 0 for nil, and for what no honest node says: less than nothing.
func decodeDuration(d *durationpb.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return max(0, d.AsDuration()) // too much is the most that there is
}
