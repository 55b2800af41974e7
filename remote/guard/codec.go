package guard

import (
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	pb "google.golang.org/protobuf/proto"
)

// incoming asks the codec for a message that has been scanned.
type incoming struct {
	message   *remote.RemoteMessage
	envelopes int // how many a batch may have
	malformed bool
}

// A codec is gRPC's for protobuf, but for what comes in from peers: that is decoded
// only if it is not larger in memory than on the wire by orders of magnitude.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Unmarshal decodes data into v, which may be an *incoming. What is malformed is no
// error then, since gRPC makes a mere text of errors.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	in, ok := v.(*incoming)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	in.decode(whole.ReadOnlyData())
	return nil
}

func (in *incoming) decode(b []byte) {
	s := scanner{parts: partsFor(len(b), in.envelopes)}
	if s.scan(in.message.ProtoReflect().Descriptor(), b, 0) != nil {
		in.malformed = true
		return
	}
	in.malformed = pb.Unmarshal(b, in.message) != nil
}
