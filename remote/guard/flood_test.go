package guard

import (
	"fmt"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// flood opens 10,000 connections, a thousand at a time, each with some first bytes.
func flood(t *testing.T, address, first string) {
	t.Helper()
	for range 10 {
		wave := make([]net.Conn, 0, 1000)
		for range cap(wave) {
			c, err := net.DialTimeout("tcp", address, patience)
			if err != nil {
				t.Fatal(err)
			}
			wave = append(wave, c)
			_, _ = c.Write([]byte(first)) // it may be closed already
		}
		for _, c := range wave {
			_ = c.Close()
		}
	}
}

func TestTenThousandStrangersDoNotDisturbHonestPeers(t *testing.T) {
	for name, first := range map[string]string{"silent": "", "after the preface": preface} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nodeConfig{})
			flood(t, r.address, first)
			r.alone(t)
			now := r.survived(t, ReasonEvicted)
			if now.Stats.Evicted < 1000 {
				t.Errorf("want thousands of evicted strangers, got %d", now.Stats.Evicted)
			}
			if now.PeakHeap > 192<<20 { // 20 MB, and 100 MB under the race detector
				t.Errorf("the heap has grown to %d MB", now.PeakHeap>>20)
			}
			t.Logf("evicted %d, peak heap %.1f MB, files %d, goroutines %d", now.Stats.Evicted, float64(now.PeakHeap)/(1<<20), now.Files, now.Goroutines)
		})
	}
}

// A client that connects while strangers flood the node gets in, though not always at
// the first try.
func TestNewPeerGetsInDuringAFlood(t *testing.T) {
	r := newRig(t, nodeConfig{})
	done := make(chan struct{})
	go func() { // ends with the flood
		defer close(done)
		flood(t, r.address, "")
	}()
	eventually(t, "a new peer is heard", func() bool {
		h := attack(t, r.process)
		if h.Send(introduction(hostileAddress)) != nil {
			return false
		}
		m, err := h.Recv()
		return err == nil && m.GetConnectResponse() != nil
	})
	<-done
}

// A longMessage has a body of so many megabytes in its memory of one.
type longMessage struct{ megabytes int }

// longCodec sends such a message.
type longCodec struct{ encoding.CodecV2 }

func (c longCodec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(longMessage)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	one := make(mem.SliceBuffer, 1<<20)
	var all mem.BufferSlice
	for range m.megabytes {
		all = append(all, one)
	}
	return all, nil
}

func TestTooLargeMessageIsRefusedByItsAnnouncement(t *testing.T) {
	for name, megabytes := range map[string]int{"5 MB": 5, "500 MB": 500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nodeConfig{})
			h := attack(t, r.process, grpc.ForceCodecV2(longCodec{newCodec().CodecV2}))
			h.introduce(hostileAddress)
			_ = h.SendMsg(longMessage{megabytes}) // which may have been refused meanwhile
			h.refused(codes.ResourceExhausted)
			r.alone(t)
			if now := r.survived(t, ReasonTooLarge); now.PeakHeap > 32<<20 {
				t.Errorf("the heap has grown to %d MB", now.PeakHeap>>20)
			} else {
				t.Logf("peak heap %.1f MB", float64(now.PeakHeap)/(1<<20))
			}
		})
	}
}

func TestStrangerMaySendNoMoreThanAnIntroduction(t *testing.T) {
	r := newRig(t, nodeConfig{})
	p := rawConnect(t, r.address)
	go closed(t, p) // ends with the connection
	for stream := uint32(1); ; stream += 2 {
		p.begin(t, stream)
		if p.frames.WriteData(stream, false, append(prefix(1<<20), make([]byte, 16<<10-5)...)) != nil {
			break
		}
		if stream >= 7 {
			break
		}
	}
	for {
		if p.frames.WriteWindowUpdate(0, 1) != nil {
			break
		}
	}
	r.alone(t)
	r.survived(t, ReasonTooMuch)
}

func TestPeerThatNeverReadsIsClosed(t *testing.T) {
	t.Parallel()
	r := newRig(t, nodeConfig{})
	p := rawConnect(t, r.address)
	_ = p.Conn.(*net.TCPConn).SetReadBuffer(4 << 10) // so that it is soon full
	p.begin(t, 1)
	p.say(t, 1, introduction(hostileAddress))
	eventually(t, "the peer is heard", func() bool { return r.state().Stats.Connections == 2 })
	// Each is acknowledged, by bytes that nobody reads.
	for p.frames.WriteSettings() == nil {
	}
	r.alone(t)
	now := r.survived(t, ReasonBroken)
	t.Logf("peak heap %.1f MB", float64(now.PeakHeap)/(1<<20))
}

func TestIdleConnectionIsCheap(t *testing.T) {
	t.Parallel()
	p := run(t, nodeConfig{})
	before := p.tell("collect").InUse
	const count = 200
	for i := range count {
		attack(t, p).introduce(fmt.Sprintf("127.0.0.1:%d", 100+i))
	}
	each := (p.tell("collect").InUse - before) / count
	if each > 256<<10 {
		t.Errorf("an idle connection costs %d KB", each>>10)
	}
	t.Logf("an idle connection costs %d KB", each>>10)
}
