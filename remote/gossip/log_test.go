package gossip

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestLinesOfMemberlistAreLoggedAtABoundedRate(t *testing.T) {
	var out bytes.Buffer
	c := &clock{at: time.Unix(1_000_000, 0)}
	w := &logWriter{log: zerolog.New(&out), now: c.now}
	for range 1000 {
		w.Write([]byte("[ERR] memberlist: Decrypt packet failed\n"))
	}
	if n := strings.Count(out.String(), "Decrypt packet failed"); n != logBurst {
		t.Errorf("%d lines were logged, want %d", n, logBurst)
	}
	out.Reset()
	c.at = c.at.Add(logPause)
	w.Write([]byte("[WARN] memberlist: again\n"))
	want := `{"level":"warn","lines_left_out":980,"from":"memberlist","message":"again"}`
	if got := strings.TrimSpace(out.String()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLevelsOfMemberlistAreRead(t *testing.T) {
	for line, want := range map[string]zerolog.Level{
		"[DEBUG] memberlist: text": zerolog.DebugLevel,
		"[INFO] memberlist: text":  zerolog.DebugLevel,
		"[WARN] memberlist: text":  zerolog.WarnLevel,
		"[ERR] text":               zerolog.WarnLevel,
		"text":                     zerolog.InfoLevel,
	} {
		if level, text := levelOf(line); level != want || text != "text" {
			t.Errorf("%q: got %v and %q", line, level, text)
		}
	}
}

func TestASilentLogTakesNoTokens(t *testing.T) {
	w := &logWriter{log: zerolog.Nop(), now: time.Now}
	w.Write([]byte("[ERR] memberlist: text"))
	if w.dropped != 0 || !w.last.IsZero() {
		t.Error("a line that nobody reads has been counted")
	}
}
