package codec

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// mustBeOurs fails unless err is nil or an *schemas.Error.
func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	var e *schemas.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("an error of another type: %v", err)
	}
}

// What has been read can be written, and is read as the same again.
func FuzzDecodeRequest(f *testing.F) {
	for op := range ownFields {
		m, err := EncodeRequest(requestOf(&fullness{}, op))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(op), m.GetBody())
	}
	f.Add("chat", []byte(` {"Model":1,"stream_options":{"x":1},"tools":[{"type":"x"}],"tools":[{"type":"y"},{}],"bifrost":{"tools":{"0":null,"-1":1}}}`))
	f.Add("transcription", []byte(`{"FILE":"AA==","x":[1],"\ud800":null,"x":" "}`))
	f.Fuzz(func(t *testing.T, op string, body []byte) {
		first, err := DecodeRequest(&bifrostv1.Request{Operation: op, Raw: &bifrostv1.RawCall{}}, body)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		m, err := EncodeRequest(first)
		if err != nil {
			t.Fatalf("read, and not written: %v: %s", err, body)
		}
		second, err := DecodeRequest(m, m.GetBody())
		if err != nil {
			t.Fatalf("written, and not read: %v: %s", err, m.GetBody())
		}
		again, err := EncodeRequest(second)
		if err != nil || !bytes.Equal(again.GetBody(), m.GetBody()) {
			t.Fatalf("%v\nfirst  %s\nsecond %s", err, m.GetBody(), again.GetBody())
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	for op := range ownFields {
		resp := answerOf(&fullness{}, op)
		if m, err := EncodeResponse(resp); err == nil {
			f.Add(string(op), m.GetBody())
		}
	}
	f.Fuzz(func(t *testing.T, op string, body []byte) {
		first, err := DecodeResponse(schemas.Operation(op), nil, body)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		m, err := EncodeResponse(first)
		if err != nil {
			t.Fatalf("read, and not written: %v: %s", err, body)
		}
		second, err := DecodeResponse(schemas.Operation(op), m, m.GetBody())
		if err != nil {
			t.Fatalf("written, and not read: %v: %s", err, m.GetBody())
		}
		again, err := EncodeResponse(second)
		if err != nil || !bytes.Equal(again.GetBody(), m.GetBody()) {
			t.Fatalf("%v\nfirst  %s\nsecond %s", err, m.GetBody(), again.GetBody())
		}
	})
}

func FuzzDecodeChunk(f *testing.F) {
	seed, err := EncodeChunk(drawn[schemas.ChatChunk](&fullness{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		chunk, err := DecodeChunk(data)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		out, err := EncodeChunk(chunk)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeChunk(out); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	})
}

// The messages of errors come from a peer, byte by byte.
func FuzzDecodeErrors(f *testing.F) {
	for _, err := range []error{
		&schemas.Error{Kind: schemas.KindUpstream, RetryAfter: 1, Upstream: &schemas.UpstreamReply{Header: map[string][]string{"A": {"b"}}, Body: []byte("c")}},
		&schemas.DeadLetter{Reason: schemas.ReasonQueueFull, RetryAfter: -1},
	} {
		data, err := proto.Marshal(EncodeError(err))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e bifrostv1.Error
		var l bifrostv1.DeadLetter
		var got []*schemas.Error
		if proto.Unmarshal(data, &e) == nil {
			got = append(got, DecodeError(&e))
		}
		if proto.Unmarshal(data, &l) == nil {
			got = append(got, DecodeDeadLetter(&l))
		}
		for _, err := range got {
			if !known(err.Kind) || err.RetryAfter < 0 {
				t.Fatalf("got %+v", err)
			}
			if _, err := proto.Marshal(EncodeError(err)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecodeInfo(f *testing.F) {
	seed, err := EncodeInfo(*drawn[schemas.ProviderInfo](&fullness{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := DecodeInfo(data)
		if err != nil {
			return
		}
		out, err := EncodeInfo(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := DecodeInfo(out); err != nil || !reflect.DeepEqual(second, first) {
			t.Fatalf("%v: %s", err, out)
		}
	})
}
