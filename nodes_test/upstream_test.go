//go:build linux

package nodes_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// upstream is a provider's server: it speaks OpenAI's chat completions, does what the
// last message of each request wishes for, and keeps a report.
type upstream struct {
	base string // http://host:port

	mu     sync.Mutex
	report report
	gate   chan struct{} // answers wait until it is closed; nil: they do not
}

// report is what an upstream has seen.
type report struct {
	calls    int
	seen     map[string]int // how often each id came
	active   int            // calls that are not answered yet
	most     int            // the most there ever were at once
	canceled int            // calls whose client went away before the end
	bytes    int64          // of content that was written so far
}

// twice returns the ids that came more than once.
func (r report) twice() []string {
	var ids []string
	for id, n := range r.seen {
		if n > 1 {
			ids = append(ids, id)
		}
	}
	return ids
}

// wish is what a prompt asks an upstream for. The zero value: a short answer at once.
type wish struct {
	id     string        // counts in the report
	delay  time.Duration // before the first byte
	chunks int           // of a stream; default 3
	every  time.Duration // between two chunks
	size   int           // bytes of each chunk, or of the whole answer if it is no stream; default 8
	status int           // an error with this status instead of an answer
}

// prompt is the message that asks for the wish.
func (w wish) prompt() string {
	v := url.Values{"id": {w.id}}
	for name, n := range map[string]int{"delay": int(w.delay), "chunks": w.chunks, "every": int(w.every), "size": w.size, "status": w.status} {
		if n != 0 {
			v.Set(name, strconv.Itoa(n))
		}
	}
	return v.Encode()
}

// wishOf reads a prompt. What is not understood is not wished for.
func wishOf(prompt string) wish {
	v, _ := url.ParseQuery(prompt)
	number := func(name string) int {
		n, _ := strconv.Atoi(v.Get(name))
		return max(n, 0)
	}
	return wish{id: v.Get("id"), delay: time.Duration(number("delay")), chunks: cmp.Or(number("chunks"), 3),
		every: time.Duration(number("every")), size: cmp.Or(number("size"), 8), status: number("status")}
}

// newUpstream serves in a place until the test ends, on a port of its choice if port is 0.
func newUpstream(t *testing.T, where place, port int) *upstream {
	t.Helper()
	l, err := where.listen("tcp", at(where, port))
	must(t, err)
	u := &upstream{report: report{seen: map[string]int{}}}
	u.base = "http://" + at(where, l.Addr().(*net.TCPAddr).Port)
	server := &http.Server{Handler: u}
	served := make(chan struct{})
	go func() { // ends when server is closed
		defer close(served)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		u.release()
		_ = server.Close()
		<-served
	})
	return u
}

// hold lets all answers wait, those that have not begun and those of later requests.
func (u *upstream) hold() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gate == nil {
		u.gate = make(chan struct{})
	}
}

// release lets them go on.
func (u *upstream) release() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gate != nil {
		close(u.gate)
		u.gate = nil
	}
}

// now returns the report so far.
func (u *upstream) now() report {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.report
	r.seen = make(map[string]int, len(u.report.seen))
	for id, n := range u.report.seen {
		r.seen[id] = n
	}
	return r
}

// await waits until the report is so.
func (u *upstream) await(t *testing.T, what string, is func(report) bool) {
	t.Helper()
	eventually(t, "the upstream: "+what, func() bool { return is(u.now()) })
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/chat/completions"):
		u.chat(w, r)
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/models"):
		fmt.Fprint(w, `{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"test"}]}`)
	default:
		http.NotFound(w, r)
	}
}

func (u *upstream) chat(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model    string
		Stream   bool
		Messages []struct{ Content string }
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	if err != nil || len(request.Messages) == 0 {
		http.Error(w, `{"error":{"message":"not a chat"}}`, http.StatusBadRequest)
		return
	}
	wanted := wishOf(request.Messages[len(request.Messages)-1].Content)
	c := u.enter(wanted.id)
	err = c.answer(r.Context(), w, wanted, request.Stream)
	c.leave(err != nil || r.Context().Err() != nil)
}

// call is one request that is being answered.
type call struct {
	*upstream
	gate chan struct{}
	left bool
}

func (u *upstream) enter(id string) *call {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.report.calls++
	u.report.seen[id]++
	u.report.active++
	u.report.most = max(u.report.most, u.report.active)
	return &call{upstream: u, gate: u.gate}
}

// leave ends the call for the report. It comes before the last bytes of an answer, so
// that a client who has these may call again and is not counted twice.
func (c *call) leave(canceled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left {
		return
	}
	c.left = true
	c.report.active--
	if canceled {
		c.report.canceled++
	}
}

func (c *call) sent(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.bytes += int64(n)
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// answer waits as it is wished, and answers.
func (c *call) answer(ctx context.Context, w http.ResponseWriter, wanted wish, stream bool) error {
	if c.gate != nil {
		select {
		case <-c.gate:
		case <-ctx.Done():
		}
	}
	pause(ctx, wanted.delay)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case wanted.status != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(wanted.status)
		c.leave(false)
		_, err := io.WriteString(w, `{"error":{"message":"as wished","type":"server_error","code":"wished"}}`)
		return err
	case stream:
		w.Header().Set("Content-Type", "text/event-stream")
		return c.stream(ctx, w, wanted)
	}
	w.Header().Set("Content-Type", "application/json")
	c.leave(false)
	c.sent(wanted.size)
	_, err := fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,`+
		`"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],`+
		`"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`, strings.Repeat("x", wanted.size))
	return err
}

func (c *call) stream(ctx context.Context, w http.ResponseWriter, wanted wish) error {
	const event = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{%s},"finish_reason":%s}]}` + "\n\n"
	content := `"role":"assistant","content":"` + strings.Repeat("x", wanted.size) + `"`
	flush := http.NewResponseController(w).Flush
	for i := range wanted.chunks {
		if i > 0 {
			pause(ctx, wanted.every)
		}
		if _, err := fmt.Fprintf(w, event, content, "null"); err != nil {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
		c.sent(wanted.size)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.leave(false)
	_, err := fmt.Fprintf(w, event+"data: [DONE]\n\n", "", `"stop"`)
	return err
}
