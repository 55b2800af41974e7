//go:build linux

package nodes_test

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a name server that each host of a network has on its own loopback, as its
// resolv.conf says. All know the same A records.
type names struct {
	mu      sync.Mutex
	records map[string][]netip.Addr // by name, with a dot at its end
	broken  bool                    // every answer is a failure
}

// newNames serves until the test ends.
func newNames(t *testing.T, n *network) *names {
	t.Helper()
	s := &names{records: map[string][]netip.Addr{}}
	for _, h := range n.hosts {
		var conn net.PacketConn
		must(t, inside(h.namespace, func() (err error) {
			conn, err = net.ListenPacket("udp", "127.0.0.1:53")
			return err
		}))
		done := make(chan struct{})
		go func() { // ends when conn is closed
			defer close(done)
			s.serve(conn)
		}()
		t.Cleanup(func() {
			_ = conn.Close()
			<-done
		})
	}
	return s
}

// set replaces the addresses of a name.
func (s *names) set(name string, hosts ...*host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[name+"."] = nil
	for _, h := range hosts {
		s.records[name+"."] = append(s.records[name+"."], h.ip())
	}
}

// fail makes every answer a failure, or ends that.
func (s *names) fail(broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = broken
}

func (s *names) serve(conn net.PacketConn) {
	question := make([]byte, 512)
	for {
		size, from, err := conn.ReadFrom(question)
		if err != nil {
			return
		}
		if reply, err := s.reply(question[:size]); err == nil {
			_, _ = conn.WriteTo(reply, from)
		}
	}
}

func (s *names) reply(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, err
	}
	q := m.Questions[0]
	s.mu.Lock()
	addresses, known := s.records[strings.ToLower(q.Name.String())]
	broken := s.broken
	s.mu.Unlock()
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
	switch {
	case broken:
		reply.RCode, addresses = dnsmessage.RCodeServerFailure, nil
	case !known:
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addresses {
		if q.Type == dnsmessage.TypeA {
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class},
				Body: &dnsmessage.AResource{A: a.As4()}})
		}
	}
	return reply.Pack()
}

func TestNodesUnderANameOfDNSAreFoundWhileTheyAreThere(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, "a", "b", "c")
	a, b, c := n.host("a"), n.host("b"), n.host("c")
	dns := newNames(t, n)
	const name, finds = "bifrost.test", "discover = \"dns:bifrost.test:7600\"\n"
	dns.set(name, a, b)
	second := serveOwner(t, b, "b", finds)
	third := serveOwner(t, c, "c", finds)
	asker := serveAsker(t, a, "a", finds)
	asker.awaitList(t, 2)
	asker.awaitShare(t, []*seeker{second}, third)
	dns.set(name, a, b, c)
	asker.awaitList(t, 3)
	asker.awaitShare(t, []*seeker{second, third})
	dns.fail(true)
	asker.log.await(t, "peers could not be looked up; the last list holds")
	asker.awaitShare(t, []*seeker{second, third})
	dns.set(name, a, c)
	dns.fail(false)
	asker.log.await(t, "peers can be looked up again")
	asker.awaitShare(t, []*seeker{third}, second)
	if lines := asker.log.lines("peers could not be looked up"); len(lines) != 1 {
		t.Errorf("one outage has the lines %q", lines)
	}
	must(t, asker.stop(t))
}
