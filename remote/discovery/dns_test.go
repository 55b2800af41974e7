package discovery

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/dns/dnsmessage"
)

// Tests look up this often, and wait this long for a server.
const (
	often = 5 * time.Millisecond
	brief = 100 * time.Millisecond
)

// start runs a source and returns its updates; it ends with the test.
func start(t *testing.T, source Source) <-chan []string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	updates, done := make(chan []string, 100), make(chan error, 1)
	go func() { // ends when the test cancels
		done <- source.Run(ctx, func(list []string) { updates <- list })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run has returned %v", err)
		}
	})
	return updates
}

func expect(t *testing.T, updates <-chan []string, want ...string) {
	t.Helper()
	select {
	case got := <-updates:
		if !slices.Equal(got, want) {
			t.Fatalf("got %d addresses %v, want %d %v", len(got), got[:min(len(got), 5)], len(want), want[:min(len(want), 5)])
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("no update; want %v", want)
	}
}

func expectNothing(t *testing.T, updates <-chan []string) {
	t.Helper()
	select {
	case got := <-updates:
		t.Fatalf("an update that should not be: %v", got)
	default:
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

func (b *logBuffer) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), text)
}

func TestDNSReportsBothKindsOfAddressesSortedAndFollowsChanges(t *testing.T) {
	server := startNameServer(t)
	server.set("nodes.test", answer{addrs: []string{"10.0.0.3", "fd00::2", "10.0.0.2"}})
	updates := start(t, &DNS{Name: "nodes.test.", Port: 7600, Interval: often, Resolver: server.resolver()})
	expect(t, updates, "10.0.0.2:7600", "10.0.0.3:7600", "[fd00::2]:7600")

	server.set("nodes.test", answer{addrs: []string{"10.0.0.2", "10.0.0.4", "10.0.0.2"}})
	expect(t, updates, "10.0.0.2:7600", "10.0.0.4:7600")
	server.awaitQuestions(t, "nodes.test", 6)
	expectNothing(t, updates)
}

func TestDNSAsksForOneKindOfAddressOnly(t *testing.T) {
	server := startNameServer(t)
	server.set("nodes.test", answer{addrs: []string{"10.0.0.3", "fd00::2"}})
	expect(t, start(t, &DNS{Name: "nodes.test.", Port: 1, Network: "ip4", Resolver: server.resolver()}), "10.0.0.3:1")
	expect(t, start(t, &DNS{Name: "nodes.test.", Port: 1, Network: "ip6", Resolver: server.resolver()}), "[fd00::2]:1")
}

func TestDNSReportsAnEmptyListAtOnceWhenThereIsNoneYet(t *testing.T) {
	server := startNameServer(t)
	updates := start(t, &DNS{Name: "nodes.test.", Port: 7600, Interval: often, Resolver: server.resolver()})
	expect(t, updates)
	server.set("nodes.test", answer{addrs: []string{"10.0.0.2"}})
	expect(t, updates, "10.0.0.2:7600")
}

func TestDNSBelievesThatAllAreGoneWhenToldThreeTimes(t *testing.T) {
	for name, gone := range map[string]answer{
		"no such name":    {rcode: dnsmessage.RCodeNameError},
		"no such records": {},
	} {
		t.Run(name, func(t *testing.T) {
			server := startNameServer(t)
			server.set("nodes.test", answer{addrs: []string{"10.0.0.2"}})
			updates := start(t, &DNS{Name: "nodes.test.", Port: 7600, Network: "ip4", Interval: often, Resolver: server.resolver()})
			expect(t, updates, "10.0.0.2:7600")
			server.set("nodes.test", gone)
			expect(t, updates)
		})
	}
}

func TestDNSKeepsItsListWhileTheServerFailsAndLogsThatOnce(t *testing.T) {
	for name, failing := range map[string]answer{
		"server failure":  {rcode: dnsmessage.RCodeServerFailure},
		"refused":         {rcode: dnsmessage.RCodeRefused},
		"silent":          {silent: true},
		"garbage":         {garbage: true},
		"far too many":    {addrs: addresses(MaxAddresses + 1)},
		"cut and no more": {cut: true, silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			server, log := startNameServer(t), &logBuffer{}
			server.set("nodes.test", answer{addrs: []string{"10.0.0.2"}})
			updates := start(t, &DNS{Name: "nodes.test.", Port: 7600, Network: "ip4", Interval: often, Timeout: brief,
				Resolver: server.resolver(), Log: zerolog.New(log)})
			expect(t, updates, "10.0.0.2:7600")
			server.set("nodes.test", failing)
			server.awaitQuestions(t, "nodes.test", 4)
			expectNothing(t, updates)

			server.set("nodes.test", answer{addrs: []string{"10.0.0.9"}})
			expect(t, updates, "10.0.0.9:7600")
			if n := log.count("could not be looked up"); n != 1 {
				t.Errorf("the outage has %d lines in the log, want 1", n)
			}
			if n := log.count("can be looked up again"); n != 1 {
				t.Errorf("the end of the outage has %d lines in the log, want 1", n)
			}
		})
	}
}

func TestDNSTakesALongAnswerOverTCP(t *testing.T) {
	server := startNameServer(t)
	server.set("few.test", answer{addrs: []string{"10.0.0.2"}, cut: true})
	server.set("many.test", answer{addrs: addresses(MaxAddresses)})
	expect(t, start(t, &DNS{Name: "few.test.", Port: 7600, Resolver: server.resolver()}), "10.0.0.2:7600")
	var want []string
	for _, ip := range addresses(MaxAddresses) {
		want = append(want, ip+":7600")
	}
	slices.Sort(want)
	expect(t, start(t, &DNS{Name: "many.test.", Port: 7600, Resolver: server.resolver()}), want...)
}

func TestDNSResolvesTheTargetsOfAService(t *testing.T) {
	server := startNameServer(t)
	server.set("_bifrost._tcp.test", answer{srv: []srv{{"a.test.", 7600}, {"b.test.", 7601}, {"gone.test.", 7602}}})
	server.set("a.test", answer{addrs: []string{"10.0.0.2"}})
	server.set("b.test", answer{addrs: []string{"10.0.0.3", "fd00::3"}})
	updates := start(t, &DNS{Name: "_bifrost._tcp.test.", Service: true, Interval: often, Timeout: brief, Resolver: server.resolver()})
	expect(t, updates, "10.0.0.2:7600", "10.0.0.3:7601", "[fd00::3]:7601")

	// One target that cannot be looked up spoils the whole answer.
	server.set("b.test", answer{rcode: dnsmessage.RCodeServerFailure})
	server.awaitQuestions(t, "_bifrost._tcp.test", 4)
	expectNothing(t, updates)
	server.set("b.test", answer{addrs: []string{"10.0.0.4"}})
	expect(t, updates, "10.0.0.2:7600", "10.0.0.4:7601")

	server.set("_bifrost._tcp.test", answer{srv: []srv{{".", 0}}})
	expect(t, updates)
}

func TestDNSKeepsItsListWhileNoTargetOfAServiceIsKnownYet(t *testing.T) {
	server := startNameServer(t)
	server.set("_bifrost._tcp.test", answer{srv: []srv{{"a.test.", 7600}}})
	server.set("a.test", answer{addrs: []string{"10.0.0.2"}})
	updates := start(t, &DNS{Name: "_bifrost._tcp.test.", Service: true, Interval: often, Resolver: server.resolver()})
	expect(t, updates, "10.0.0.2:7600")
	server.set("a.test", answer{rcode: dnsmessage.RCodeNameError})
	expect(t, updates) // told so three times
}

func TestDNSEndsAtOnceInTheMiddleOfALookUp(t *testing.T) {
	server := startNameServer(t)
	server.set("nodes.test", answer{silent: true})
	ctx, cancel := context.WithCancel(context.Background())
	log, done := &logBuffer{}, make(chan error, 1)
	go func() { // ends when the test cancels
		done <- (&DNS{Name: "nodes.test.", Port: 7600, Resolver: server.resolver(), Log: zerolog.New(log)}).Run(ctx, nil)
	}()
	server.awaitQuestions(t, "nodes.test", 1)
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Run has returned %v, want nil", err)
		}
	case <-time.After(4 * time.Second): // the resolver would wait for 5 s
		t.Fatal("Run goes on after its context has ended")
	}
	if n := log.count("looked up"); n != 0 {
		t.Error("the end of a source is logged as an outage")
	}
}

func TestDNSRefusesSettingsThatCannotWork(t *testing.T) {
	for name, d := range map[string]*DNS{
		"no name":           {Port: 1},
		"an address":        {Name: "10.0.0.2", Port: 1},
		"no port":           {Name: "nodes.test"},
		"a space":           {Name: "nodes test", Port: 1},
		"an unknown kind":   {Name: "nodes.test", Port: 1, Network: "tcp"},
		"negative interval": {Name: "nodes.test", Port: 1, Interval: -1},
		"too long":          {Name: strings.Repeat("a.", 127) + "test", Port: 1},
	} {
		if err := d.Run(context.Background(), nil); err == nil {
			t.Errorf("%s: Run has returned no error", name)
		}
	}
}

func TestTheMachinesResolverIsAResolver(*testing.T) {
	var _ Resolver = net.DefaultResolver
}

func addresses(n int) []string {
	list := make([]string, 0, n)
	for i := range n {
		list = append(list, fmt.Sprintf("10.1.%d.%d", i/256, i%256))
	}
	return list
}
