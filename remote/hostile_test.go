package remote

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
	"google.golang.org/protobuf/encoding/protowire"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

func TestAChunkThatNeverEndsEndsItsCall(t *testing.T) {
	c, how := called(t)
	node := c.link.peer.node
	c.put(&v1.Response{More: v1.More_MORE_CHUNKS}, 0, false, completed)
	if _, err := c.take(); err != nil {
		t.Fatal(err)
	}
	r := &chunkReader{call: c}
	done := make(chan error, 1)
	go func() { // ends when the reader gives up
		_, err := r.Next()
		done <- err
	}()
	piece := make([]byte, pieceBytes)
	for sent := 0; sent < 4*maxChunkBytes; {
		select {
		case err := <-done:
			if e := (*schemas.Error)(nil); !errors.As(err, &e) || e.Kind != schemas.KindUpstream || len(*how) != 1 {
				t.Errorf("it ended with %v, %v", err, *how)
			}
			if held := node.held.Load(); held != 0 || r.begun != nil {
				t.Errorf("%d bytes are held", held)
			}
			return
		default:
		}
		c.mu.Lock()
		fits := c.held+len(piece) <= c.window
		c.mu.Unlock()
		if fits {
			c.put(&v1.ResponsePart{Data: piece}, len(piece), false, completed)
			sent += len(piece)
		}
	}
	t.Fatal("the reader has taken it all")
}

func TestTheUnfinishedChunksOfAllStreamsAreBounded(t *testing.T) {
	c, how := called(t)
	held := &c.link.peer.node.held
	held.Store(maxBodiesBytes)
	c.put(&v1.Response{More: v1.More_MORE_CHUNKS}, 0, false, completed)
	if _, err := c.take(); err != nil {
		t.Fatal(err)
	}
	c.put(&v1.ResponsePart{Data: []byte("x")}, 1, false, completed)
	_, err := (&chunkReader{call: c}).Next()
	if e := (*schemas.Error)(nil); !errors.As(err, &e) || e.Kind != schemas.KindOverloaded || held.Load() != maxBodiesBytes || len(*how) != 1 {
		t.Errorf("got %v, with %d bytes held, and it ended with %v", err, held.Load(), *how)
	}
}

func TestAnErrorAtTheEndOfAnAnswerIsBounded(t *testing.T) {
	c, how := called(t)
	c.put(&v1.Response{More: v1.More_MORE_CHUNKS}, 0, false, completed)
	c.put(&v1.ResponsePart{Last: true, Error: &v1.Error{Message: strings.Repeat("x", 2*maxMessageBytes)}}, 0, true, failed)
	if len(c.inbox) != 1 || len(*how) != 1 {
		t.Errorf("%d messages wait, and it ended with %v", len(c.inbox), *how)
	}
}

func TestTheUsageOfAnAnswerIsBoundedAndComesAtItsEnd(t *testing.T) {
	heavy := &v1.Usage{}
	heavy.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 99, protowire.BytesType), make([]byte, maxUsageBytes)))
	for name, part := range map[string]*v1.ResponsePart{
		"too early": {Usage: &v1.Usage{TotalTokens: 1}, Data: []byte("x")},
		"too large": {Usage: heavy, Last: true},
	} {
		c, how := called(t)
		c.put(&v1.Response{More: v1.More_MORE_BYTES}, 0, false, completed)
		c.put(part, len(part.Data), part.Last, completed)
		if len(c.inbox) != 1 || len(*how) != 1 || (*how)[0] != failed {
			t.Errorf("%s: %d messages wait, and it ended with %v", name, len(c.inbox), *how)
		}
	}
}

func TestARawAnswerHasTheStatusOfAFinalAnswer(t *testing.T) {
	for _, status := range []int32{-1, 0, 99, 101, 199, 600, 1 << 30} {
		c, _ := called(t)
		_, err := c.response(&v1.Response{Raw: &v1.RawAnswer{Status: status}}, schemas.OperationRaw)
		if e := (*schemas.Error)(nil); !errors.As(err, &e) || e.Kind != schemas.KindUpstream {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}

func TestALargeBodyIsKeptInNoMoreThanItsSize(t *testing.T) {
	const size = 3_000_000
	s := asking("a", 1, &v1.Request{Size: size})
	for sent := 0; sent < size; sent += 1000 {
		s.part(make([]byte, 1000))
		if cap(s.body) > size {
			t.Fatalf("it takes %d bytes", cap(s.body))
		}
	}
	if len(s.body) != size {
		t.Errorf("it has %d bytes", len(s.body))
	}
}

// Else a line in the log each time.
func TestAPeerThatLeavesDoesNotComeBackOnItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines atomic.Int64
		b := newBare(t, zerolog.New(io.Discard).Hook(zerolog.HookFunc(func(*zerolog.Event, zerolog.Level, string) { lines.Add(1) })))
		defer b.end(t)
		before := lines.Load()
		say := func(run string, leaving bool) {
			b.Receive("", &v1.Heartbeat{Run: run, Epoch: 1, Leaving: leaving}, actor.NewPID(bareThere, nodeID))
		}
		for range 100 {
			say("r", true)
			say("r", false)
		}
		if got := b.peer.stats().State; got != schemas.PeerLeaving {
			t.Errorf("it is %s", got)
		}
		for range 100 {
			say("s", true)
			say("t", false)
		}
		if n := lines.Load() - before; n > 2 { // it leaves, and is lost
			t.Errorf("%d lines", n)
		}
		time.Sleep(time.Second) // in virtual time
		synctest.Wait()
		if got := b.peer.stats().State; got != schemas.PeerUp {
			t.Errorf("then it is %s", got)
		}
	})
}

// An asker that this node never reached has no link whose end would show that it is gone.
func TestTheCallsOfAPeerThatIsNotReachedEndWithItsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBare(t, zerolog.Nop())
		defer b.end(t)
		const address = "10.0.0.3:7600"
		p := newPeer(b.Node, address, true)
		b.Node.mu.Lock()
		b.peers[address] = p
		b.Node.mu.Unlock()
		p.introduced()
		p.connected()
		p.connected()
		b.Receive("", &v1.Request{Call: 1, Operation: "chat", Model: "stuck", Provider: own, Body: []byte(`{"messages":[]}`)}, actor.NewPID(address, nodeID))
		synctest.Wait()
		p.hungUp()
		synctest.Wait()
		if n := b.servedOf(address); n != 1 {
			t.Errorf("with a connection, %d calls are served", n)
		}
		p.hungUp()
		synctest.Wait()
		if n := b.servedOf(address); n != 0 {
			t.Errorf("without, %d calls are served", n)
		}
	})
}
