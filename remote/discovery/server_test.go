package discovery

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// An answer is what the tests' name server says to one question.
type answer struct {
	rcode   dnsmessage.RCode
	addrs   []string // A and AAAA records
	srv     []srv
	silent  bool // nothing is sent
	cut     bool // over UDP: nothing but "ask again over TCP"
	garbage bool // bytes that are no message
}

type srv struct {
	target string
	port   uint16
}

// A nameServer answers over UDP and TCP on one port of loopback.
type nameServer struct {
	mu      sync.Mutex
	answers map[string]answer // by name, without the dot at its end
	asked   map[string]int
	changed chan struct{} // closed, and made anew, at each question

	addr    string
	packets net.PacketConn
	streams net.Listener
	wg      sync.WaitGroup
}

func startNameServer(t *testing.T) *nameServer {
	t.Helper()
	s := &nameServer{answers: map[string]answer{}, asked: map[string]int{}, changed: make(chan struct{})}
	var err error
	for range 20 { // the port that UDP gave may be taken for TCP
		if s.packets, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		s.addr = s.packets.LocalAddr().String()
		if s.streams, err = net.Listen("tcp", s.addr); err == nil {
			break
		}
		s.packets.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.wg.Add(2)
	go s.servePackets() // ends when the test closes the sockets
	go s.serveStreams()
	t.Cleanup(func() {
		s.packets.Close()
		s.streams.Close()
		s.wg.Wait()
	})
	return s
}

// resolver asks this server only, whatever the machine's settings are.
func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.addr)
	}}
}

func (s *nameServer) set(name string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[name] = a
}

// awaitQuestions waits until name has been asked for n times more.
func (s *nameServer) awaitQuestions(t *testing.T, name string, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for want := s.asked[name] + n; s.asked[name] < want; {
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Error("the name server is not asked")
		}
		s.mu.Lock()
		if t.Failed() {
			return
		}
	}
}

func (s *nameServer) servePackets() {
	defer s.wg.Done()
	buf := make([]byte, 4096)
	for {
		n, from, err := s.packets.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply := s.reply(buf[:n], true); reply != nil {
			s.packets.WriteTo(reply, from)
		}
	}
}

func (s *nameServer) serveStreams() {
	defer s.wg.Done()
	for {
		conn, err := s.streams.Accept()
		if err != nil {
			return
		}
		s.wg.Add(1)
		go func() { // ends when the question is answered, or its time is over
			defer s.wg.Done()
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			var size [2]byte
			if _, err := io.ReadFull(conn, size[:]); err != nil {
				return
			}
			question := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(conn, question); err != nil {
				return
			}
			if reply := s.reply(question, false); reply != nil {
				conn.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply))))
				conn.Write(reply)
			}
		}()
	}
}

func (s *nameServer) reply(question []byte, packet bool) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(question)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	name := strings.TrimSuffix(q.Name.String(), ".")
	s.mu.Lock()
	a, known := s.answers[name]
	s.asked[name]++
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	switch {
	case !known:
		a = answer{rcode: dnsmessage.RCodeNameError}
	case a.silent:
		return nil
	case a.garbage:
		return append(question[:2:2], "this is no message"...)
	}
	reply := build(header.ID, q, a)
	if packet && (a.cut || len(reply) > 1232) {
		reply = build(header.ID, q, answer{rcode: a.rcode})
		reply[2] |= 2 // truncated
	}
	return reply
}

func build(id uint16, q dnsmessage.Question, a answer) []byte {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, Response: true, Authoritative: true, RecursionAvailable: true, RCode: a.rcode})
	b.EnableCompression()
	must(b.StartQuestions())
	must(b.Question(q))
	must(b.StartAnswers())
	h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
	for _, text := range a.addrs {
		ip := netip.MustParseAddr(text)
		switch {
		case ip.Is4() && q.Type == dnsmessage.TypeA:
			must(b.AResource(h, dnsmessage.AResource{A: ip.As4()}))
		case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
			must(b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: ip.As16()}))
		}
	}
	for _, r := range a.srv {
		if q.Type == dnsmessage.TypeSRV {
			must(b.SRVResource(h, dnsmessage.SRVResource{Port: r.port, Target: dnsmessage.MustNewName(r.target)}))
		}
	}
	reply, err := b.Finish()
	must(err)
	return reply
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
