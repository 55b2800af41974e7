package config

import "testing"

func TestNearestFindsWhatWasMeantAndNothingElse(t *testing.T) {
	keys := serverSection.names()
	for name, want := range map[string]string{
		"listen": "listen", "lisetn": "listen", "Listen": "listen", "log-level": "log_level",
		"loglevel": "log_level", "max_body_byte": "max_body_bytes", "port": "", "zzz": "", "": "",
		"a_name_that_is_far_longer_than_any_key_there_is": "",
	} {
		if got := nearest(name, keys); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistanceCountsInsertsRemovalsReplacementsAndSwaps(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "ab", 1},
		{"abc", "axc", 1}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
