package guard

import (
	"testing"

	"bifrost/remote/bifrostv1"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// requests is a batch of calls, as a busy node sends them.
func requests(b *testing.B, count, body int) []byte {
	b.Helper()
	batch := oneMessage("victim", "bifrost.v1.Request", &bifrostv1.Request{
		Call: 1, Operation: "chat", Model: "gpt-4o", Body: make([]byte, body), Context: &bifrostv1.Context{Tenant: "t"},
	})
	batch.Senders = []*actor.PID{{Address: hostileAddress, Id: "node"}}
	batch.Envelopes[0].Sender = 1
	for len(batch.Envelopes) < count {
		batch.Envelopes = append(batch.Envelopes, batch.Envelopes[0])
	}
	data, err := proto.Marshal(batchOf(batch))
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// BenchmarkReceive compares what the guard adds with gRPC's own decoding.
func BenchmarkReceive(b *testing.B) {
	for _, size := range []struct {
		name        string
		count, body int
	}{{"1x1KB", 1, 1 << 10}, {"16x1KB", 16, 1 << 10}, {"1x64KB", 1, 64 << 10}} {
		data := requests(b, size.count, size.body)
		c := newCodec()
		b.Run(size.name+"/guard", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in := incoming{message: &remote.RemoteMessage{}, envelopes: defaultEnvelopes}
				if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, &in); err != nil || in.malformed {
					b.Fatal(err)
				}
				j := judge{defaultEnvelopes, allowed}
				if f := j.judge(in.message, hostileAddress, func(f fault) { b.Fatal(f) }); f.reason != "" {
					b.Fatal(f)
				}
			}
		})
		b.Run(size.name+"/plain", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := &remote.RemoteMessage{}
				if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
