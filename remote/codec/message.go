package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A body in protobuf is written and read here. It can carry values that no JSON can. They
// are refused where they arrive, since they may come from anybody, and answers also where
// they are sent: there it is known whose fault it is.

// maxFields bounds the fields of a body, since two bytes can be a message of some hundred
// bytes in memory. Long conversations have some ten thousand.
const maxFields = 1 << 18

var (
	errNoMessage = errors.New("it is not the protobuf message that its form and operation ask for")
	errManyItems = fmt.Errorf("it has more than %d fields", maxFields)
)

// valueError says that a field has a value that no provider could be sent.
type valueError struct{ field, fault string }

func (v valueError) Error() string { return "its field " + v.field + " " + v.fault }

// marshalMessage returns what is not nil. Equal messages give equal bytes.
func marshalMessage(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

// unmarshalMessage reads a body into m, which is empty. Fields that m does not have are
// not kept.
func unmarshalMessage(data []byte, m proto.Message) error {
	if len(data) > 2*maxFields { // a field takes two bytes or more
		left := maxFields
		if !countFields(data, m.ProtoReflect().Descriptor(), &left) {
			return errManyItems
		}
	}
	if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, m) != nil {
		return errNoMessage // the library's error may quote
	}
	return nil
}

// countFields takes the fields of a message from left, and those of the messages in it. It
// returns false if there are more. What it cannot read it leaves to the reader.
func countFields(data []byte, of protoreflect.MessageDescriptor, left *int) bool {
	for len(data) > 0 {
		if *left--; *left < 0 {
			return false
		}
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return true
		}
		data = data[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, data); n < 0 {
				return true
			}
			data = data[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return true
		}
		data = data[n:]
		field := of.Fields().ByNumber(number)
		if field != nil && field.Message() != nil && !countFields(value, field.Message(), left) {
			return false
		}
	}
	return true
}

// checks keeps the first fault of the values that protobuf can carry and JSON cannot.
type checks struct{ err error }

func (c *checks) json(field string, value []byte) {
	if c.err == nil && len(value) > 0 && !json.Valid(value) {
		c.err = valueError{field, "is no valid JSON"}
	}
}

// extra does not name the field, whose name is the caller's content.
func (c *checks) extra(extra map[string][]byte) {
	for _, value := range extra {
		c.json("extra", value)
	}
}

func (c *checks) number(field string, value *float64) {
	if value != nil {
		c.numbers(field, []float64{*value})
	}
}

func (c *checks) numbers(field string, values []float64) {
	if c.err != nil {
		return
	}
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.err = valueError{field, "has an infinite number, or what is no number"}
			return
		}
	}
}

// encodeList converts a list. What it returns stands in one piece of memory.
func encodeList[S, M any](list []S, encode func(*M, *S)) []*M {
	if len(list) == 0 {
		return nil
	}
	all, out := make([]M, len(list)), make([]*M, len(list))
	for i := range list {
		encode(&all[i], &list[i])
		out[i] = &all[i]
	}
	return out
}

// decodeList returns nil for an empty list.
func decodeList[M, S any](list []*M, decode func(*S, *M)) []S {
	if len(list) == 0 {
		return nil
	}
	out := make([]S, len(list))
	for i, m := range list {
		decode(&out[i], m)
	}
	return out
}

// decodeEmpty is list, which is nil if it is empty: null is only what its sender has called
// so.
func decodeEmpty[L ~[]T, T any](list L, null bool) L {
	if list == nil && !null {
		return L{}
	}
	return list
}

// encodeExtra has the word null for an empty value.
func encodeExtra(extra map[string]json.RawMessage) map[string][]byte {
	if len(extra) == 0 {
		return nil
	}
	out := make(map[string][]byte, len(extra))
	for name, value := range extra {
		out[text(name)] = orNull(value)
	}
	return out
}

func decodeExtra(extra map[string][]byte) map[string]json.RawMessage {
	if len(extra) == 0 {
		return nil
	}
	out := make(map[string]json.RawMessage, len(extra))
	for name, value := range extra {
		out[name] = orNull(value)
	}
	return out
}

func orNull(value []byte) []byte {
	if len(value) == 0 {
		return []byte("null")
	}
	return value
}

// rawJSON returns nil for an empty value.
func rawJSON(value []byte) json.RawMessage {
	if len(value) == 0 {
		return nil
	}
	return value
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}

func narrow(n *int64) *int {
	if n == nil {
		return nil
	}
	i := int(*n)
	return &i
}
