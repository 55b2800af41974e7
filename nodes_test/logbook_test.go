//go:build linux

package nodes_test

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// logbook keeps what processes print. It is safe for concurrent use; the zero value is
// empty.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines returns the lines that the pattern matches.
func (l *logbook) lines(pattern string) []string {
	expr, found := regexp.MustCompile(pattern), []string(nil)
	for line := range strings.Lines(l.String()) {
		if line = strings.TrimSuffix(line, "\n"); expr.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}

// await waits until a line matches the pattern, and returns the first.
func (l *logbook) await(t *testing.T, pattern string) string {
	t.Helper()
	eventually(t, "the log has "+pattern, func() bool { return len(l.lines(pattern)) > 0 })
	return l.lines(pattern)[0]
}

func (l *logbook) tail(n int) string {
	all := strings.Split(strings.TrimRight(l.String(), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}
