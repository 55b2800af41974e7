//go:build linux

package nodes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// door is a way to ask a gateway.
type door struct {
	name, path string
	streams    bool
}

// doors are the ways that a request takes between nodes: in the provider's own dialect it
// passes as it is, in another one it is read and written anew.
var doors = []door{
	{"raw", "/v1/chat/completions", false},
	{"raw stream", "/v1/chat/completions", true},
	{"chat", "/anthropic/v1/messages", false},
	{"chat stream", "/anthropic/v1/messages", true},
}

// long is a wish that takes a minute through the door.
func (d door) long(id string) wish {
	if d.streams {
		return wish{id: id, chunks: 1200, every: 50 * time.Millisecond}
	}
	return wish{id: id, delay: time.Minute}
}

// asked is a call in a goroutine of its own.
type asked struct {
	door
	id   string
	got  atomic.Int64  // bytes of the answer so far
	done chan struct{} // closed when there is no more to come

	// To be read after done.
	answer
	err   error
	took  time.Duration
	ended time.Time
}

// ask begins a call through a door. padding is bytes that the request is larger for.
func (n *node) ask(ctx context.Context, d door, model string, w wish, padding int) *asked {
	a := &asked{door: d, id: w.id, done: make(chan struct{})}
	began := time.Now()
	go func() { // ends with the call
		defer close(a.done)
		a.err = a.run(ctx, n, model, w, padding)
		a.ended = time.Now()
		a.took = a.ended.Sub(began)
	}()
	return a
}

func (a *asked) run(ctx context.Context, n *node, model string, w wish, padding int) error {
	resp, err := n.through(ctx, a.door, model, w, padding)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.status, a.header = resp.StatusCode, resp.Header
	var text bytes.Buffer
	_, err = io.Copy(io.MultiWriter(&text, a), resp.Body)
	a.body = text.String()
	return err
}

// through asks through a door, and returns when the answer has begun.
func (n *node) through(ctx context.Context, d door, model string, w wish, padding int) (*http.Response, error) {
	messages := []any{map[string]string{"role": "user", "content": w.prompt()}}
	if padding > 0 {
		messages = append([]any{map[string]string{"role": "user", "content": strings.Repeat("p", padding)},
			map[string]string{"role": "assistant", "content": "yes"}}, messages...)
	}
	body, err := json.Marshal(map[string]any{"model": model, "stream": d.streams, "max_tokens": 100, "messages": messages})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url(d.path), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return n.client.Do(r)
}

// Write counts.
func (a *asked) Write(p []byte) (int, error) {
	a.got.Add(int64(len(p)))
	return len(p), nil
}

// wait waits for the end.
func (a *asked) wait(t *testing.T) {
	t.Helper()
	select {
	case <-a.done:
	case <-time.After(patience):
		t.Fatalf("%s of %s has no answer after %v", a.name, a.id, patience)
	}
}

// succeeded reports whether the answer is whole. Call it after wait.
func (a *asked) succeeded() bool {
	switch {
	case a.err != nil || a.status != http.StatusOK:
		return false
	case !a.streams:
		return json.Valid([]byte(a.body))
	case strings.HasPrefix(a.path, "/v1"):
		return strings.HasSuffix(a.body, "data: [DONE]\n\n")
	}
	return strings.Contains(a.body, `"type":"message_stop"`)
}

// lost reports whether the answer says that the node was lost: by its status, or in the
// last event of a stream that had begun. Call it after wait.
func (a *asked) lost() bool {
	if a.err != nil {
		return false
	}
	if a.status != http.StatusOK {
		return a.status == a.serverError() && a.header.Get("X-Bifrost-Code") == "node_lost"
	}
	return a.streams && !a.succeeded() && a.lastSays("node_lost")
}

// serverError is the status of a failure that is not the caller's: Anthropic's API has one
// for all.
func (d door) serverError() int {
	if strings.HasPrefix(d.path, "/anthropic") {
		return http.StatusInternalServerError
	}
	return http.StatusBadGateway
}

// lastSays reports whether the last event of a stream is an error with that code.
func (a *asked) lastSays(code string) bool {
	events := strings.Split(strings.TrimSpace(a.body), "\n\n")
	last := events[len(events)-1]
	return strings.Contains(last, `"error"`) && strings.Contains(last, code)
}

// broken reports whether the answer broke off, as one must whose status was sent before.
func (a *asked) broken() bool { return a.err != nil && a.status == http.StatusOK && !a.streams }

func (a *asked) String() string {
	return fmt.Sprintf("%s of %s after %v: status %d, code %s, %v: …%s", a.name, a.id, a.took.Round(time.Millisecond),
		a.status, a.header.Get("X-Bifrost-Code"), a.err, a.body[max(0, len(a.body)-300):])
}

// flight is calls that are under way.
type flight []*asked

// takeOff begins a call of a minute through each door, so many times, and waits until
// all are with the upstream, and the streams have brought something.
func takeOff(ctx context.Context, t *testing.T, n *node, model string, u *upstream, times int) flight {
	t.Helper()
	before := u.now().active
	var f flight
	for i := range times {
		for _, d := range doors {
			w := d.long(fmt.Sprintf("%s %s %d", model, d.name, i))
			f = append(f, n.ask(ctx, d, model, w, 0))
		}
	}
	u.await(t, "all calls are there", func(r report) bool { return r.active == before+len(f) })
	eventually(t, "the streams have begun", func() bool {
		for _, a := range f {
			if a.streams && a.got.Load() == 0 {
				return false
			}
		}
		return true
	})
	return f
}

// mustBeLost waits for the calls, which must all fail as node_lost within so long.
func (f flight) mustBeLost(t *testing.T, since time.Time, within time.Duration) {
	t.Helper()
	for _, a := range f {
		a.wait(t)
		if !a.lost() {
			t.Errorf("want node_lost, got %v", a)
		}
		if took := a.ended.Sub(since); took > within {
			t.Errorf("%s of %s failed after %v, want %v at most", a.name, a.id, took, within)
		}
	}
}

// mustSucceed waits for the calls, which must all be answered wholly. The first that is
// not ends the test.
func (f flight) mustSucceed(t *testing.T) {
	t.Helper()
	for _, a := range f {
		if a.wait(t); !a.succeeded() {
			t.Fatalf("want a whole answer, got %v", a)
		}
	}
}

// kind says what the answer was: "whole", "hung up", "broken", a code, or "" for one that
// nobody could make sense of.
func (a *asked) kind() string {
	switch {
	case a.succeeded():
		return "whole"
	case errors.Is(a.err, context.DeadlineExceeded) || errors.Is(a.err, context.Canceled):
		return "hung up"
	case a.broken():
		return "broken"
	case a.err != nil:
		return ""
	case a.status != http.StatusOK:
		return a.header.Get("X-Bifrost-Code")
	case a.streams && a.lastSays(""):
		return "ended by an error"
	}
	return ""
}
