package guard

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"bifrost/remote/bifrostv1"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc/codes"
)

func TestWhatIsNotHTTP2IsClosedAtOnce(t *testing.T) {
	for name, first := range map[string]string{
		"garbage":      "\x00\x01\x02\xff\xfe",
		"one byte":     "x",
		"HTTP/1.1":     "GET / HTTP/1.1\r\nHost: node\r\n\r\n",
		"TLS":          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"half preface": preface[:12] + "garbage",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{})
			for range 3 {
				c := open(t, r.address)
				if _, err := c.Write([]byte(first)); err != nil {
					t.Fatal(err)
				}
				closed(t, c)
			}
			r.alone(t)
			if now := r.survived(t, ReasonNotHTTP2); now.Stats.Refused[ReasonNotHTTP2] != 3 {
				t.Errorf("want all three counted, got %v", now.Stats.Refused)
			}
		})
	}
}

func TestBrokenHTTP2IsClosed(t *testing.T) {
	r := newRig(t, nodeConfig{})
	p := rawConnect(t, r.address)
	// A frame of headers on stream 0 is not allowed.
	if err := p.frames.WriteRawFrame(0x1, 0x4, 0, []byte("garbage")); err != nil {
		t.Fatal(err)
	}
	closed(t, p)
	r.alone(t)
	r.survived(t, ReasonBroken)
}

func TestConnectionWithoutAWordIsNoOffence(t *testing.T) {
	r := newRig(t, nodeConfig{})
	_ = open(t, r.address).Close()
	_ = rawConnect(t, r.address).Close()
	r.alone(t)
	r.survived(t)
}

func TestStrangerHasFiveSecondsForItsIntroduction(t *testing.T) {
	t.Parallel()
	r := newRig(t, nodeConfig{})
	mute := open(t, r.address)
	h := attack(t, r.process) // a stream that says nothing
	began := time.Now()
	closed(t, mute)
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("closed after %v", took)
	}
	h.refused(codes.Unavailable)
	r.alone(t)
	r.survived(t, ReasonTooSlow) // both come from one host
}

func TestPeerSpeaksOnlyForWhoAdmitLetsIn(t *testing.T) {
	r := newRig(t, nodeConfig{RefuseAll: true})
	h := attack(t, r.process)
	h.say(introduction(hostileAddress))
	h.refused(codes.PermissionDenied)
	r.alone(t)
	r.survived(t, ReasonNotAdmitted)
	text := r.log.String()
	if !strings.Contains(text, `"detail":"no?friend"`) || !strings.Contains(text, `"peer":"`+hostileAddress+`"`) {
		t.Errorf("the log does not say who, and why: %s", text)
	}
}

func TestStreamsOfAConnectionHaveOneName(t *testing.T) {
	r := newRig(t, nodeConfig{})
	h := attack(t, r.process)
	h.introduce(hostileAddress)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	second := func() *hostile {
		s, err := remote.NewRemotingClient(h.conn).Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return &hostile{s, h.conn, t}
	}
	second().introduce(hostileAddress)
	if s := r.state(); s.Stats.Connections != 2 || s.Stats.Strangers != 0 {
		t.Errorf("want two streams to be one connection, got %+v", s.Stats)
	}
	third := second()
	third.say(introduction("127.0.0.1:10"))
	third.refused(codes.InvalidArgument)
	r.alone(t)
	if now := r.survived(t, ReasonBadIntroduction); now.GoneCalls != 2 {
		t.Errorf("want Gone for both streams, got %d calls", now.GoneCalls)
	}
}

func TestFifthConnectionOfAnAddressReplacesTheOldest(t *testing.T) {
	r := newRig(t, nodeConfig{})
	var all []*hostile
	for range maxPerAddress + 1 {
		h := attack(t, r.process)
		h.introduce(hostileAddress)
		all = append(all, h)
	}
	all[0].refused(codes.Unavailable)
	if s := r.state().Stats; s.Connections != 1+maxPerAddress {
		t.Errorf("want %d connections, got %+v", 1+maxPerAddress, s)
	}
	for _, h := range all {
		_ = h.conn.Close()
	}
	r.alone(t)
	r.survived(t, ReasonReplaced)
}

func TestNoMoreConnectionsThanThePolicySays(t *testing.T) {
	r := newRig(t, nodeConfig{Connections: 3})
	for i := range 2 {
		attack(t, r.process).introduce(fmt.Sprintf("127.0.0.1:%d", 10+i))
	}
	for range 2 {
		h := attack(t, r.process)
		h.say(introduction(hostileAddress))
		h.refused(codes.ResourceExhausted)
	}
	if s := r.state().Stats; s.Connections != 3 {
		t.Errorf("want 3 connections, got %+v", s)
	}
	if got := r.log.reasons(t); len(got) != 1 || got[0] != string(ReasonTooMany) {
		t.Errorf("want one line of too many connections, got %v", got)
	}
}

func TestPanicCostsTheConnectionAndNotTheNode(t *testing.T) {
	r := newRig(t, nodeConfig{Panic: true})
	h := attack(t, r.process)
	h.introduce(hostileAddress)
	h.say(batchOf(oneMessage("victim", heartbeat, &bifrostv1.Heartbeat{})))
	h.refused(codes.Internal)
	r.alone(t)
	r.survived(t, ReasonPanic)
	if text := r.log.String(); strings.Contains(text, "secret") {
		t.Errorf("the log has what the panic said: %s", text)
	}
}

func TestTLSKeepsOutWhoHasNoCertificateOfTheAuthority(t *testing.T) {
	ca, foreign := newAuthority(t), newAuthority(t)
	good, expired := ca.node(t, time.Now().Add(time.Hour)), ca.node(t, time.Now().Add(-time.Minute))
	elsewhere := foreign.node(t, time.Now().Add(time.Hour))
	elsewhere.CA = ca.pem
	cases := map[string]struct {
		connect func(t *testing.T, address string)
		detail  string
	}{
		"expired": {func(t *testing.T, address string) { useTLS(t, address, expired) }, "expired"},
		"foreign": {func(t *testing.T, address string) { useTLS(t, address, elsewhere) }, "unknown authority"},
		"none": {func(t *testing.T, address string) {
			c := tls.Client(open(t, address), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			_ = c.Handshake()
			closed(t, c)
		}, "didn't provide a certificate"},
		"an old version": {func(t *testing.T, address string) {
			c := tls.Client(open(t, address), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
			if c.Handshake() == nil {
				t.Error("TLS 1.2 was accepted")
			}
		}, "version"},
		"plaintext": {func(t *testing.T, address string) {
			c := open(t, address)
			_, _ = c.Write([]byte(preface))
			closed(t, c)
		}, "does not speak TLS"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{TLS: good})
			c.connect(t, r.address)
			r.alone(t)
			r.survived(t, ReasonHandshake)
			if text := r.log.String(); !strings.Contains(text, c.detail) || strings.Contains(text, "secret") {
				t.Errorf("want a line about %q and nothing of the certificate, got %s", c.detail, text)
			}
		})
	}
}

// useTLS shows a certificate, which its owner believes to be good.
func useTLS(t *testing.T, address string, p *tlsPEMs) {
	t.Helper()
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(open(t, address), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"},
		// Without it a client keeps its certificate back if the server does not know who signed it.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }})
	_ = c.Handshake()
	closed(t, c)
}

func TestHalfOpenTLSHandshakesEndAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	r := newRig(t, nodeConfig{TLS: newAuthority(t).node(t, time.Now().Add(time.Hour))})
	hello := "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" // the beginning of one
	var all []net.Conn
	for range 20 {
		c := open(t, r.address)
		if _, err := c.Write([]byte(hello)); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		closed(t, c)
	}
	r.alone(t)
	r.survived(t, ReasonTooSlow)
}

func TestHalfOpenTLSHandshakesMakeRoomForHonestPeers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nodeConfig{Strangers: 8, TLS: newAuthority(t).node(t, time.Now().Add(time.Hour))})
	for range 100 {
		_, _ = open(t, r.address).Write([]byte("\x16\x03\x01"))
	}
	r.alone(t)
	r.survived(t, ReasonEvicted, ReasonTooSlow)
}

func TestCloseEndsEverything(t *testing.T) {
	for range 5 {
		p := run(t, nodeConfig{})
		before := p.state().Goroutines
		for i := range 30 {
			h := attack(t, p)
			h.introduce(fmt.Sprintf("127.0.0.1:%d", 100+i))
			if i%2 == 0 {
				_ = h.conn.Close() // it ends at about the time of the shutdown
			}
		}
		for range 10 {
			open(t, p.address)
		}
		now := p.tell("shutdown")
		if now.Stats.Connections != 0 || now.Stats.Strangers != 0 {
			t.Errorf("connections are left: %+v", now.Stats)
		}
		if now.GoneCalls != 30 {
			t.Errorf("want 30 calls of Gone, got %d", now.GoneCalls)
		}
		eventually(t, "all goroutines end", func() bool { return p.state().Goroutines <= before })
		if c, err := net.Dial("tcp", p.address); err == nil {
			_ = c.Close()
			t.Error("the node still listens")
		}
		if text := p.log.String(); text != "" {
			t.Errorf("a shutdown is no offence: %s", text)
		}
	}
}
