package gossip

import (
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	logBurst = 20          // lines at once
	logPause = time.Second // and one more after each of these
)

// A logWriter takes memberlist's lines. It bounds their rate, since a stranger who
// sends packets makes a line with each. memberlist's lines have addresses and names in
// them, and nothing else of what was sent but a member's run and version.
type logWriter struct {
	log zerolog.Logger
	now func() time.Time

	mu      sync.Mutex
	tokens  int
	last    time.Time
	dropped int
}

// Write logs one line. It never fails.
func (w *logWriter) Write(line []byte) (int, error) {
	level, text := levelOf(strings.TrimSpace(string(line)))
	if level < w.log.GetLevel() {
		return len(line), nil
	}
	dropped, ok := w.admit()
	if !ok {
		return len(line), nil
	}
	event := w.log.WithLevel(level)
	if dropped > 0 {
		event.Int("lines_left_out", dropped)
	}
	event.Str("from", "memberlist").Msg(text)
	return len(line), nil
}

// admit takes a token, and returns how many lines had none before.
func (w *logWriter) admit() (dropped int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if gained := int(now.Sub(w.last) / logPause); gained > 0 {
		w.tokens = min(w.tokens+gained, logBurst)
		w.last = now
	}
	if w.tokens == 0 {
		w.dropped++
		return 0, false
	}
	w.tokens--
	dropped, w.dropped = w.dropped, 0
	return dropped, true
}

// levelOf reads "[WARN] memberlist: text". memberlist's errors are warnings here: it
// goes on after each of them.
func levelOf(line string) (zerolog.Level, string) {
	level := zerolog.InfoLevel
	if rest, ok := strings.CutPrefix(line, "["); ok {
		if name, text, found := strings.Cut(rest, "] "); found {
			line = text
			switch name {
			case "DEBUG", "INFO":
				level = zerolog.DebugLevel
			case "WARN", "ERR":
				level = zerolog.WarnLevel
			}
		}
	}
	return level, strings.TrimPrefix(line, "memberlist: ")
}
