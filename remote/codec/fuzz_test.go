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
		for _, as := range bodyForms {
			m, err := EncodeRequestAs(requestOf(&fullness{}, op), as)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(op), int32(m.GetBodyForm()), m.GetBody())
		}
	}
	f.Add("chat", int32(0), []byte(` {"Model":1,"stream_options":{"x":1},"tools":[{"type":"x"}],"tools":[{"type":"y"},{}],"bifrost":{"tools":{"0":null,"-1":1}}}`))
	f.Add("transcription", int32(0), []byte(`{"FILE":"AA==","x":[1],"\ud800":null,"x":" "}`))
	f.Fuzz(func(t *testing.T, op string, form int32, body []byte) {
		as := bifrostv1.BodyForm(form)
		first, err := DecodeRequest(&bifrostv1.Request{Operation: op, Raw: &bifrostv1.RawCall{}, BodyForm: as}, body)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		m, err := EncodeRequestAs(first, as)
		if err != nil {
			t.Fatalf("read, and not written: %v: %q", err, body)
		}
		second, err := DecodeRequest(m, m.GetBody())
		if err != nil {
			t.Fatalf("written, and not read: %v: %q", err, m.GetBody())
		}
		again, err := EncodeRequestAs(second, as)
		if err != nil || !bytes.Equal(again.GetBody(), m.GetBody()) {
			t.Fatalf("%v\nfirst  %q\nsecond %q", err, m.GetBody(), again.GetBody())
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	for op := range ownFields {
		resp := answerOf(&fullness{}, op)
		for _, as := range bodyForms {
			if m, err := EncodeResponseAs(resp, as); err == nil {
				f.Add(string(op), int32(m.GetBodyForm()), m.GetBody())
			}
		}
	}
	f.Fuzz(func(t *testing.T, op string, form int32, body []byte) {
		as := bifrostv1.BodyForm(form)
		first, err := DecodeResponse(schemas.Operation(op), &bifrostv1.Response{BodyForm: as}, body)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		m, err := EncodeResponseAs(first, as)
		if err != nil {
			t.Fatalf("read, and not written: %v: %q", err, body)
		}
		second, err := DecodeResponse(schemas.Operation(op), m, m.GetBody())
		if err != nil {
			t.Fatalf("written, and not read: %v: %q", err, m.GetBody())
		}
		again, err := EncodeResponseAs(second, as)
		if err != nil || !bytes.Equal(again.GetBody(), m.GetBody()) {
			t.Fatalf("%v\nfirst  %q\nsecond %q", err, m.GetBody(), again.GetBody())
		}
	})
}

func FuzzDecodeChunk(f *testing.F) {
	for _, as := range bodyForms {
		seed, err := EncodeChunkAs(drawn[schemas.ChatChunk](&fullness{}), as)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		chunk, err := DecodeChunk(data)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		for _, as := range bodyForms { // what one form can say, the other can
			out, err := EncodeChunkAs(chunk, as)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeChunk(out); err != nil {
				t.Fatalf("%v: %q", err, out)
			}
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
