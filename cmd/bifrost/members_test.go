package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/remote"
	"bifrost/remote/discovery"
	"bifrost/remote/discovery/etcd"
	"bifrost/remote/gossip"
)

func TestConfigAndTheNodesNameThingsAlike(t *testing.T) {
	for ours, theirs := range map[any]any{
		config.AnyNode:           remote.AnyMember,
		config.DefaultEtcdPrefix: etcd.DefaultPrefix,
		config.DefaultEtcdTTL:    etcd.DefaultTTL,
	} {
		if ours != theirs {
			t.Errorf("config has %v, and the nodes %v", ours, theirs)
		}
	}
}

// FuzzWhatTheFileTakesTheSourcesTake looks for names of DNS and endpoints of etcd that a
// file may have and no source could use.
func FuzzWhatTheFileTakesTheSourcesTake(f *testing.F) {
	for _, text := range []string{"dns:bifrost.default.svc:7600", "dns4:a.:1", "dns6:B:65535", "dnssrv:_bifrost._tcp.example.com",
		"dns:1.2:7600", "dns:[fd00::1]:7600", "dnssrv:10.0.0.2", "e:2379", "https://[FD00::1]:2379", "http://e.example.:1", "fe80::1%a:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const before = "[providers.x]\n[node]\nlisten = \"127.0.0.1:0\"\n"
		if file, err := config.Parse("f", []byte(before+"discover = "+strconv.Quote(text)+"\n"), config.TOML); err == nil {
			if _, err := discovery.Parse(file.Node.Discover[0]); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		if file, err := config.Parse("f", []byte(before+"[node.etcd]\nendpoints = ["+strconv.Quote(text)+"]\n"), config.TOML); err == nil {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			source := etcd.Source{Endpoints: file.Node.Etcd.Endpoints}
			if err := source.Run(ended, func([]string) {}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

func TestServeRefusesGossipThatCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for text, want := range map[string]string{
		"bind = \"" + taken.Addr().String() + "\"\n":      "gossip cannot listen on " + taken.Addr().String(),
		"bind = \"127.0.0.1:0\"\nkey = \"****\"\n":        "the gossip key has 4 bytes; give 16, 24 or 32",
		"bind = \"127.0.0.1:0\"\nadvertise = \"no.:1\"\n": "the gossip advertise address: the host of",
	} {
		path := file(t, "[providers.simulated]\n[node]\nlisten = \"127.0.0.1:0\"\n[node.gossip]\n"+text)
		got := execute(t, "serve", "--config", path, "--listen", "127.0.0.1:0")
		if got.err == nil || !strings.Contains(got.stderr, path+": node.gossip: "+want) {
			t.Errorf("%s: got %v\n%s", text, got.err, got.stderr)
		}
	}
}

func TestServeEndsWhenASourceCanNeverFindAnybody(t *testing.T) {
	path := file(t, "[providers.simulated]\n[node]\nlisten = \"127.0.0.1:0\"\nadvertise = \"a..b:1\"\nplaintext = true\n"+
		"[node.etcd]\nendpoints = [\"127.0.0.1:1\"]\n")
	r := begin(t, "serve", "--config", path, "--listen", "127.0.0.1:0")
	if err := await(t, r.ended); err == nil || !strings.Contains(err.Error(), "other nodes cannot be found: the address to register in etcd") {
		t.Errorf("got %v", err)
	}
}

func TestANodesLoadsTravelByGossipAndItSaysGoodbye(t *testing.T) {
	key := []byte("0123456789abcdef")
	observer, err := gossip.Start(gossip.Config{Bind: "127.0.0.1:0", Key: key, Address: "127.0.0.1:1", Run: "observer"})
	if err != nil {
		t.Fatal(err)
	}
	defer observer.Close()
	path := file(t, fmt.Sprintf(`
[providers.simulated]
concurrency_and_buffer_size = { concurrency = 3, buffer_size = 4 }
[node]
listen = "127.0.0.1:0"
[node.gossip]
bind = "127.0.0.1:0"
key = %q
join = [%q]
`, base64.StdEncoding.EncodeToString(key), observer.GossipAddress()))
	r := begin(t, "serve", "--config", path, "--listen", "127.0.0.1:0")
	eventually(t, "its load is known", func() bool {
		members := observer.List()
		return len(members) == 1 && members[0].State == gossip.Alive &&
			slices.Equal(members[0].Load, []gossip.Load{{Provider: "simulated", Free: 7, Capacity: 7}})
	})
	r.stop()
	if err := await(t, r.ended); err != nil {
		t.Error(err)
	}
	eventually(t, "it has left", func() bool { return observer.List()[0].State == gossip.Left })
}

func TestAMemberThatGossipTakesForLostIsStillReachedFor(t *testing.T) {
	got := addressesOf([]gossip.Member{{Address: "a:1", State: gossip.Alive}, {Address: "b:1", State: gossip.Lost}, {Address: "c:1", State: gossip.Left}})
	if !slices.Equal(got, []string{"a:1", "b:1"}) {
		t.Errorf("got %q", got)
	}
}

func TestTheNewestListOfGossipIsTheOneThatIsRead(t *testing.T) {
	told := make(gossiped, 1)
	told.take([]gossip.Member{{Address: "a:1", State: gossip.Alive}})
	told.take([]gossip.Member{{Address: "b:1", State: gossip.Alive}})
	ctx, cancel := context.WithCancel(t.Context())
	var lists [][]string
	if err := told.Run(ctx, func(list []string) { lists = append(lists, list); cancel() }); err != nil {
		t.Error(err)
	}
	if len(lists) != 1 || !slices.Equal(lists[0], []string{"b:1"}) {
		t.Errorf("got %q", lists)
	}
}

func TestTheFirstListIsWaitedForOnlyWhereAProviderNeedsItAndForASecond(t *testing.T) {
	needs := &config.File{Remote: map[string]config.RemoteProvider{"a": {Nodes: []string{config.AnyNode}}}}
	named := &config.File{Remote: map[string]config.RemoteProvider{"a": {Nodes: []string{"127.0.0.1:1"}}}}
	synctest.Test(t, func(t *testing.T) {
		took := func(ctx context.Context, m *members, file *config.File, want time.Duration) {
			t.Helper()
			from := time.Now()
			m.await(ctx, file)
			if got := time.Since(from); got != want {
				t.Errorf("it took %v, want %v", got, want)
			}
		}
		m := &members{first: make(chan struct{})}
		took(t.Context(), nil, needs, 0)
		took(t.Context(), m, named, 0)
		took(t.Context(), m, needs, time.Second)
		ended, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		took(ended, m, needs, 10*time.Millisecond)
		time.AfterFunc(300*time.Millisecond, func() { close(m.first) })
		took(t.Context(), m, needs, 300*time.Millisecond)
		took(t.Context(), m, needs, 0)
	})
}

func TestAFileOfCertificatesForEtcdThatIsNoneIsRefused(t *testing.T) {
	missing := file(t, "") + ".missing"
	for _, c := range []config.Etcd{{CAFile: missing}, {CertFile: missing, KeyFile: missing}} {
		c.Endpoints = []string{"e:1"}
		if _, err := etcdSource(&c, "127.0.0.1:1", zerolog.Nop()); err == nil {
			t.Error("a file that is missing is taken")
		}
	}
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(patience)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("after %v still not so: %s", patience, what)
		}
	}
}
