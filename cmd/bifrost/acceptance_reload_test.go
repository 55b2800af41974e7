package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bifrost/admin"
	"bifrost/config"
	"bifrost/gateway"
)

// rounds is how many reloads there are, and perSecond how many requests.
const (
	rounds    = 100
	perSecond = 500

	// perRound bounds the requests of one reload. On a busy machine, where a reload takes
	// long, they would take the processor from it.
	perRound = 100

	// inFlight bounds the requests that are under way, below what any mailbox of the
	// versions holds, so that no version has a reason to refuse one.
	inFlight = 40
)

// version is a file that differs from the one before in every key that can change at run
// time, but the client's keys, of which one replaces another with each tenth version.
func version(n int) string {
	even := n%2 == 0
	pick := func(a, b string) string {
		if even {
			return a
		}
		return b
	}
	var b strings.Builder
	fmt.Fprintf(&b, "drop_excess_requests = %v\n[server]\nlisten = \"127.0.0.1:0\"\nwatch = false\n", even)
	fmt.Fprintf(&b, "max_body_bytes = %d\nbody_timeout = \"%ds\"\nwrite_timeout = \"%ds\"\nshutdown_timeout = \"%ds\"\n", 1<<20+n, 60+n, 60+n, 30+n)
	fmt.Fprintf(&b, "answer_timeout = \"%ds\"\nkeep_alive = \"%ds\"\nrefuse_unmeetable = %v\n", 300+n, 60+n, even)
	fmt.Fprintf(&b, "shutdown_delay = \"%dms\"\nlog_level = %q\nallow_unauthenticated = %v\n", n%2, pick("warn", "error"), even)
	fmt.Fprintf(&b, "[server.cors]\nallowed_origins = [\"https://%d.example\"]\nmax_age = \"%ds\"\n[server.statuses]\nqueue_full = %d\n", n, 1+n, 429+n%2)
	fmt.Fprintf(&b, "[admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"token-%d\"\nui = %v\nprofiles = %v\n", n, even, !even)
	fmt.Fprintf(&b, "[access_log]\nenabled = %v\nsample = 0.%d\n[prices.\"a/m\"]\ninput = %d.5\noutput = 3.0\n", even, 1+n%9, n)
	fmt.Fprintf(&b, "[clients.tester]\nkeys = [%q, %q]\nrequests_per_minute = %d\ntokens_per_minute = %d\nmax_in_flight = %d\nlog_content = %v\n",
		gateway.HashKey(clientKey(n/10)), gateway.HashKey(clientKey(n/10+1)), 10_000_000+n, 100_000_000+n, 10_000+n, even)
	fmt.Fprintf(&b, "[models.mix]\nspread = %q\ntargets = [{ model = \"a/m\", weight = %d.0 }, { model = %q, weight = 2.0 }]\n",
		pick("weight", "free"), 1+n%3, pick("b/m", "extra/m"))
	for i, name := range []string{"a", "b", "c", "extra"} {
		if name == "extra" && even { // so every odd version adds it, and every even one removes it
			continue
		}
		fmt.Fprintf(&b, "[providers.%s]\ntype = \"simulated\"\nmax_waiting = %d\nqueue_timeout = \"%ds\"\nwait_for_keys = %v\n", name, 1000+n, 60+n, even)
		fmt.Fprintf(&b, "drop_excess_requests = %v\nfallbacks = [%q]\nfallback_on = [%q]\n", !even, pick("a/m", "c/m"), pick("upstream", "timeout"))
		fmt.Fprintf(&b, "keys = [{ name = \"k%d\", value = \"secret-%d\", weight = %d.0, concurrency = %d }]\n", n%3, n, 1+n%2, 500+n)
		fmt.Fprintf(&b, "concurrency_and_buffer_size = { concurrency = %d, buffer_size = %d }\n", 10+(n*7+i)%40, 1000+n)
		fmt.Fprintf(&b, "network_config = { max_retries = %d, total_timeout = \"%ds\", first_byte_timeout = \"%ds\", chunk_idle_timeout = \"%ds\" }\n", n%4, 60+n, 60+n, 60+n)
		fmt.Fprintf(&b, "simulation = { latency = \"%dms\", output_tokens = %d, seed = %d }\n", 5+n%10, 4+n%5, n)
	}
	return b.String()
}

func clientKey(n int) string { return fmt.Sprintf("key-%d", n) }

// traffic asks a gateway for answers and counts who has given them.
type traffic struct {
	url    string
	key    atomic.Int64                // which one the client shows
	shown  [rounds/10 + 2]atomic.Int64 // requests under way that show each key
	http   *http.Client
	room   atomic.Int64 // how many requests there may be until the next reload
	served sync.Map     // provider to *atomic.Int64
	gone   atomic.Int64
	faults atomic.Int64
}

// ask makes the n-th request.
func (c *traffic) ask(t *testing.T, n int) {
	model := []string{"a/m", "b/m", "c/m", "mix", "a/m", "mix", "b/m", "c/m", "mix", "extra/m"}[n%10]
	body := fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":"hello"}]}`, model, n%3 == 0)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+chatPath, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	key := c.show()
	defer c.shown[key].Add(-1)
	req.Header.Set("Authorization", "Bearer "+clientKey(key))
	resp, err := c.http.Do(req)
	if err != nil {
		c.fail(t, "%s: %v", model, err)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case model == "extra/m" && resp.StatusCode == http.StatusNotFound: // the configuration has no such provider
		c.gone.Add(1)
	case err != nil || resp.StatusCode != 200 || n%3 == 0 && !strings.HasSuffix(string(text), "data: [DONE]\n\n"):
		c.fail(t, "%s: %d %s, %v", model, resp.StatusCode, text, err)
	default:
		counted, _ := c.served.LoadOrStore(resp.Header.Get("X-Bifrost-Provider"), new(atomic.Int64))
		counted.(*atomic.Int64).Add(1)
	}
}

// show returns the key to show, and counts it.
func (c *traffic) show() int {
	for {
		key := c.key.Load()
		c.shown[key].Add(1)
		if c.key.Load() == key {
			return int(key)
		}
		c.shown[key].Add(-1)
	}
}

// rotate has the client show the next key, and waits until nobody shows the one before.
func (c *traffic) rotate(t *testing.T) {
	t.Helper()
	old := c.key.Add(1) - 1
	eventually(t, "nobody shows the old key", func() bool { return c.shown[old].Load() == 0 })
}

func (c *traffic) fail(t *testing.T, format string, args ...any) {
	if c.faults.Add(1) <= 10 {
		t.Errorf(format, args...)
	}
}

func (c *traffic) servedBy(provider string) uint64 {
	n, ok := c.served.Load(provider)
	if !ok {
		return 0
	}
	return uint64(n.(*atomic.Int64).Load())
}

// run asks steadily, while there is room, until stop is closed, and waits for the last
// answer. It returns how many requests there were.
func (c *traffic) run(t *testing.T, stop <-chan struct{}) (sent int) {
	var answers sync.WaitGroup
	defer answers.Wait()
	free := make(chan struct{}, inFlight)
	began, ticker := time.Now(), time.NewTicker(5*time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return sent
		case <-ticker.C:
		}
		for due := min(int(time.Since(began).Seconds()*perSecond), int(c.room.Load())); sent < due; {
			free <- struct{}{}
			n := sent
			sent++
			answers.Go(func() { c.ask(t, n); <-free })
		}
	}
}

func TestAHundredReloadsOfEverythingUnderASteadyLoadCostNobodyAnAnswer(t *testing.T) {
	path := file(t, version(0))
	s, err := start(t.Context(), setup{load: func() (*config.File, error) { return loadToServe(path, "") }, watch: path}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: inFlight}
	c := &traffic{url: s.url(), http: &http.Client{Transport: transport}}
	stop, sent := make(chan struct{}), make(chan int, 1)
	go func() { sent <- c.run(t, stop) }() // ends when stop is closed
	reloadAll(t, s, c, path)
	close(stop)
	total := <-sent

	stats := s.client.Stats().Providers
	var answered uint64
	for name, p := range stats {
		if !p.Balanced() || p.Queued+p.InHand+p.Waiting+p.BackingOff != 0 {
			t.Errorf("%s: the sum is wrong: %+v", name, p)
		}
		if name != "extra" && (p.Offered != c.servedBy(name) || p.Completed != p.Offered) {
			t.Errorf("%s was offered %d, completed %d and answered %d", name, p.Offered, p.Completed, c.servedBy(name))
		}
	}
	for _, name := range []string{"a", "b", "c", "extra"} {
		answered += c.servedBy(name)
		if c.servedBy(name) == 0 {
			t.Errorf("%s has answered nothing", name)
		}
	}
	if answered+uint64(c.gone.Load()) != uint64(total) || c.gone.Load() == 0 {
		t.Errorf("of %d requests %d were answered, and %d were for a provider that was gone", total, answered, c.gone.Load())
	}
	t.Logf("%d requests, %d reloads", total, rounds)
	transport.CloseIdleConnections()
	if err := s.stop(nil); err != nil {
		t.Error(err)
	}
}

// reloadAll puts one version after the other into force, by the admin API.
func reloadAll(t *testing.T, s *service, c *traffic, path string) {
	t.Helper()
	pace := time.NewTicker(80 * time.Millisecond)
	defer pace.Stop()
	before, err := loadToServe(path, "")
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= rounds; n++ {
		<-pace.C
		c.room.Add(perRound)
		if n%10 == 0 { // the version that is to come has the old key no more
			c.rotate(t)
		}
		if err := os.WriteFile(path, []byte(version(n)), 0o600); err != nil {
			t.Fatal(err)
		}
		next, err := loadToServe(path, "")
		if err != nil {
			t.Fatal(err)
		}
		client := admin.NewClient(s.adminURL(), fmt.Sprintf("token-%d", n-1), &http.Client{})
		got, err := client.Reload(context.Background(), false)
		if err != nil || !got.Applied || got.Config.Number != n+1 || len(got.Changes) != len(next.Changes(before)) || got.Config.Digest != next.Digest() {
			t.Fatalf("reload %d: %+v, %v", n, got, err)
		}
		before = next
	}
}
