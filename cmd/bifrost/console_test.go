package main

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds the wait for what never comes in a failing test.
const patience = 30 * time.Second

// console is an output that a test waits on.
type console struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed and replaced at each write
}

func newConsole() *console { return &console{changed: make(chan struct{})} }

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
	return c.text.Write(p)
}

func (c *console) String() string {
	text, _ := c.now()
	return text
}

func (c *console) now() (text string, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String(), c.changed
}

// await waits for a line that matches and returns its first group.
func (c *console) await(t *testing.T, pattern string) string {
	t.Helper()
	re, late := regexp.MustCompile(`(?m)`+pattern), time.After(patience)
	for {
		text, changed := c.now()
		if found := re.FindStringSubmatch(text); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited too long for %q in:\n%s", pattern, text)
		}
	}
}

const (
	bannerURL  = `^bifrost is listening on (http://\S+)$`
	bannerCurl = `^  (curl .*)$`
)
