package gossip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// patience is how long a test waits for what should come within a few seconds.
const patience = 30 * time.Second

var testKey = bytes.Repeat([]byte{7}, 32)

// A node is a member with what it was told.
type node struct {
	*Members
	mu   sync.Mutex
	told [][]Member
}

// config is that of a node of its own name, on a free port of loopback.
func config(name string) Config {
	return Config{Bind: "127.0.0.1:0", Key: testKey, Address: name + ":7600", Run: name + "-1", Version: "test"}
}

func startNode(t *testing.T, cfg Config) *node {
	t.Helper()
	n := &node{}
	cfg.Update = func(list []Member) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.told = append(n.told, list)
	}
	m, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n.Members = m
	t.Cleanup(func() { m.Close() })
	return n
}

// startThree returns three nodes that know each other.
func startThree(t *testing.T) []*node {
	t.Helper()
	a := startNode(t, config("a"))
	nodes := []*node{a}
	for _, name := range []string{"b", "c"} {
		cfg := config(name)
		cfg.Join = []string{a.GossipAddress()}
		nodes = append(nodes, startNode(t, cfg))
	}
	for _, n := range nodes {
		await(t, "all three are alive", func() bool { return n.count(Alive) == 2 })
	}
	return nodes
}

func (n *node) count(s State) int {
	count := 0
	for _, m := range n.List() {
		if m.State == s {
			count++
		}
	}
	return count
}

func (n *node) member(address string) Member {
	for _, m := range n.List() {
		if m.Address == address {
			return m
		}
	}
	return Member{}
}

// await polls, since what it waits for is said by packets.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > patience {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-tick.C
	}
	t.Logf("%s: %v", what, time.Since(began).Round(10*time.Millisecond))
}

func TestMembersLearnOfEachOtherAndOfEachOthersLoads(t *testing.T) {
	nodes := startThree(t)
	nodes[1].SetLoad([]Load{{"openai", 3, 10}, {"anthropic", 0, 5}})
	for _, n := range []*node{nodes[0], nodes[2]} {
		want := []Load{{"anthropic", 0, 5}, {"openai", 3, 10}}
		await(t, "the load has come", func() bool { return slices.Equal(n.member("b:7600").Load, want) })
		if m := n.member("b:7600"); m.Run != "b-1" || m.Version != "test" || m.State != Alive || m.Since.IsZero() {
			t.Errorf("got %+v", m)
		}
	}
	nodes[1].SetLoad([]Load{{"openai", 4, 10}})
	await(t, "the next load has come", func() bool {
		return slices.Contains(nodes[2].member("b:7600").Load, Load{"openai", 4, 10})
	})
}

func TestLoadsOfManyProvidersSpreadInPieces(t *testing.T) {
	nodes := startThree(t)
	want := loadsOfMany(200)
	nodes[0].SetLoad(want)
	for _, n := range nodes[1:] {
		await(t, "all loads have come", func() bool { return slices.Equal(n.member("a:7600").Load, want) })
	}
}

func TestAMemberThatEndsWithoutAWordIsLostAndComesBackOnTheSamePort(t *testing.T) {
	nodes := startThree(t)
	bind := nodes[2].GossipAddress()
	nodes[2].Close()
	for _, n := range nodes[:2] {
		await(t, "the loss is noticed", func() bool { return n.member("c:7600").State == Lost })
	}
	cfg := config("c")
	cfg.Bind, cfg.Run, cfg.Join = bind, "c-2", []string{nodes[0].GossipAddress()}
	startNode(t, cfg)
	for _, n := range nodes[:2] {
		await(t, "the next run is there", func() bool { m := n.member("c:7600"); return m.State == Alive && m.Run == "c-2" })
	}
	nodes[0].mu.Lock()
	defer nodes[0].mu.Unlock()
	if last := nodes[0].told[len(nodes[0].told)-1]; len(last) != 2 || last[1].Run != "c-2" {
		t.Errorf("Update was last told %v", last)
	}
}

func TestARestartThatIsFasterThanTheProbesIsAnotherRun(t *testing.T) {
	nodes := startThree(t)
	bind := nodes[2].GossipAddress()
	nodes[2].Close()
	cfg := config("c")
	cfg.Bind, cfg.Run, cfg.Join = bind, "c-2", []string{nodes[0].GossipAddress()}
	c := startNode(t, cfg)
	for _, n := range nodes[:2] {
		await(t, "the next run is there", func() bool { m := n.member("c:7600"); return m.State == Alive && m.Run == "c-2" })
	}
	await(t, "it knows the others", func() bool { return c.count(Alive) == 2 })
}

func TestANameComesBackAtAnotherAddress(t *testing.T) {
	nodes := startThree(t)
	nodes[2].Close()
	await(t, "the loss is noticed", func() bool { return nodes[0].member("c:7600").State == Lost && nodes[1].member("c:7600").State == Lost })
	cfg := config("c")
	cfg.Run, cfg.Join = "c-2", []string{nodes[1].GossipAddress()}
	startNode(t, cfg)
	for _, n := range nodes[:2] {
		await(t, "the next run is there", func() bool { return n.member("c:7600").Run == "c-2" })
	}
}

func TestALostMemberIsSoughtByThoseThatNobodyHasToldOfIt(t *testing.T) {
	a := startNode(t, config("a"))
	cfg := config("b")
	cfg.Join = []string{a.GossipAddress()}
	b := startNode(t, cfg)
	await(t, "they know each other", func() bool { return a.count(Alive) == 1 && b.count(Alive) == 1 })
	bind := b.GossipAddress()
	b.Close()
	await(t, "the loss is noticed", func() bool { return a.count(Lost) == 1 })
	cfg = config("b")
	cfg.Bind, cfg.Run = bind, "b-2" // without seeds: a must find it
	b = startNode(t, cfg)
	await(t, "they know each other again", func() bool { return a.count(Alive) == 1 && b.count(Alive) == 1 })
}

func TestLeavingIsSaidAndIsNoLoss(t *testing.T) {
	nodes := startThree(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	if err := nodes[2].Leave(ctx); err != nil {
		t.Error(err)
	}
	t.Logf("leaving took %v", time.Since(began).Round(time.Millisecond))
	for _, n := range nodes[:2] {
		await(t, "the departure is known", func() bool { return n.member("c:7600").State == Left })
	}
	if err := errors.Join(nodes[2].Leave(ctx), nodes[2].Close()); err != nil {
		t.Errorf("a second end is an error: %v", err)
	}
}

func TestLeavingWithNoTimeLeftClosesAllTheSame(t *testing.T) {
	nodes := startThree(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := nodes[2].Leave(ctx); err == nil || !strings.Contains(err.Error(), "take this node for lost") {
		t.Errorf("got the error %v", err)
	}
	if conn, err := net.Dial("tcp", nodes[2].GossipAddress()); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
}

func TestOneWithoutTheKeyIsNotLetIn(t *testing.T) {
	a := startNode(t, config("a"))
	for name, key := range map[string][]byte{"wrong": bytes.Repeat([]byte{8}, 32), "none": nil} {
		log := &logBuffer{}
		cfg := config(name)
		cfg.Key, cfg.Join, cfg.Log = key, []string{a.GossipAddress()}, zerolog.New(log)
		stranger := startNode(t, cfg)
		await(t, "it is refused", func() bool { return strings.Contains(log.String(), "no other member answers") })
		if n := len(stranger.List()) + len(a.List()); n != 0 {
			t.Errorf("with the key %s there are %d members", name, n)
		}
		if strings.Contains(log.String(), string(key)) && len(key) > 0 {
			t.Error("the key is in the log")
		}
	}
}

func TestSeedsMayComeLater(t *testing.T) {
	a, b := startNode(t, config("a")), startNode(t, config("b"))
	b.SetSeeds([]string{b.GossipAddress(), "not an address", a.GossipAddress()})
	await(t, "they know each other", func() bool { return a.count(Alive) == 1 && b.count(Alive) == 1 })
}

func TestNothingIsLeftAfterTheEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	nodes := startThree(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never speaks
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	nodes[0].SetSeeds([]string{silent.Addr().String()})
	conn, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var wg sync.WaitGroup
	for _, n := range nodes {
		for range 4 {
			wg.Go(func() { n.Close() })
			wg.Go(func() { n.Leave(context.Background()) })
		}
	}
	wg.Wait()
	await(t, "memberlist's goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestAFloodOfConnectionsAndPacketsShutsNobodyOut(t *testing.T) {
	log := &logBuffer{}
	cfg := config("a")
	cfg.Log = zerolog.New(log)
	a := startNode(t, cfg)
	for i := range 300 {
		conn, err := net.Dial("tcp", a.GossipAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i%2 == 0 {
			conn.Write(bytes.Repeat([]byte{byte(i)}, 100))
		}
		packet, err := net.Dial("udp", a.GossipAddress())
		if err != nil {
			t.Fatal(err)
		}
		packet.Write(bytes.Repeat([]byte{byte(i)}, 1000))
		packet.Close()
	}
	cfg = config("b")
	cfg.Join = []string{a.GossipAddress()}
	b := startNode(t, cfg)
	await(t, "they know each other", func() bool { return a.count(Alive) == 1 && b.count(Alive) == 1 })
	if n := strings.Count(log.String(), "\n"); n > 3*logBurst {
		t.Errorf("the flood has %d lines in the log", n)
	}
}

func TestAPortThatIsTakenIsAnErrorThatSaysSo(t *testing.T) {
	a := startNode(t, config("a"))
	cfg := config("b")
	cfg.Bind = a.GossipAddress()
	before := runtime.NumGoroutine()
	if _, err := Start(cfg); err == nil || !strings.Contains(err.Error(), "check that") {
		t.Errorf("got the error %v", err)
	}
	await(t, "nothing is left of it", func() bool { return runtime.NumGoroutine() <= before })
}

func TestSettingsThatCannotWorkAreRefusedTogether(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"no key off loopback": {func(c *Config) { c.Bind, c.Key = "192.0.2.1:0", nil }, []string{"needs a key"}},
		"a short key":         {func(c *Config) { c.Key = c.Key[:15] }, []string{"has 15 bytes"}},
		"all addresses":       {func(c *Config) { c.Bind = ":7946" }, []string{"give an advertise address"}},
		"unreachable":         {func(c *Config) { c.Advertise = "0.0.0.0:7946" }, []string{"can reach"}},
		"no port":             {func(c *Config) { c.Bind = "127.0.0.1" }, []string{"is not host:port"}},
		"nothing":             {func(c *Config) { *c = Config{} }, []string{"address for calls", "run's id", "listen address"}},
		"not UTF-8":           {func(c *Config) { c.Run = "\xff" }, []string{"UTF-8"}},
	} {
		cfg := config("a")
		c.change(&cfg)
		m, err := Start(cfg)
		if err == nil {
			m.Close()
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want %q in it", name, err, want)
			}
		}
	}
}

func TestStatesHaveNames(t *testing.T) {
	if got := fmt.Sprint(Alive, Lost, Left, State(9)); got != "alive lost left unknown" {
		t.Errorf("got %s", got)
	}
}

// A logBuffer is for a log that several goroutines write.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
