package guard

import (
	"errors"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxDepth limits messages in messages.
const maxDepth = 64

var (
	errMalformed = errors.New("malformed protobuf")
	errTooDeep   = errors.New("messages in messages, too deep")
	errTooMany   = errors.New("too many parts for so few bytes")
)

// A scanner walks over encoded messages without decoding them: two bytes can make a
// struct of a hundred, so what a message would become is counted first. It allocates
// nothing.
type scanner struct {
	// parts is how many submessages and elements of lists it still accepts.
	parts int
}

// partsFor is what a scanner accepts of so many bytes: a generous list of short names
// passes, and memory stays below about a dozen times the bytes.
func partsFor(bytes, envelopes int) int { return 4*envelopes + bytes/16 }

// scan returns nil if b is a message of the type that decoding would accept.
func (s *scanner) scan(md protoreflect.MessageDescriptor, b []byte, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	fields := md.Fields()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || num > protowire.MaxValidNumber {
			return errMalformed
		}
		b = b[n:]
		value := protowire.ConsumeFieldValue(num, typ, b)
		if value < 0 {
			return errMalformed
		}
		if fd := fields.ByNumber(num); fd != nil {
			if err := s.field(fd, typ, b[:value], depth); err != nil {
				return err
			}
		}
		b = b[value:]
	}
	return nil
}

// field looks at one occurrence of a field that the type has. One of another wire type
// than the field's is kept as unknown by the decoder.
func (s *scanner) field(fd protoreflect.FieldDescriptor, typ protowire.Type, b []byte, depth int) error {
	kind := fd.Kind()
	if fd.IsList() || kind == protoreflect.MessageKind || kind == protoreflect.GroupKind {
		if s.parts--; s.parts < 0 {
			return errTooMany
		}
	}
	switch {
	case kind == protoreflect.GroupKind && typ == protowire.StartGroupType:
		content, n := protowire.ConsumeGroup(fd.Number(), b)
		if n < 0 {
			return errMalformed
		}
		return s.scan(fd.Message(), content, depth+1)
	case typ != protowire.BytesType:
		return nil
	}
	content, _ := protowire.ConsumeBytes(b)
	switch kind {
	case protoreflect.MessageKind:
		return s.scan(fd.Message(), content, depth+1)
	case protoreflect.StringKind:
		if enforcesUTF8(fd) && !utf8.Valid(content) {
			return errMalformed
		}
		return nil
	case protoreflect.BytesKind, protoreflect.GroupKind:
		return nil
	}
	if fd.IsList() {
		return scanPacked(kind, content)
	}
	return nil
}

// enforcesUTF8 asks as the decoder does.
func enforcesUTF8(fd protoreflect.FieldDescriptor) bool {
	if f, ok := fd.(interface{ EnforceUTF8() bool }); ok {
		return f.EnforceUTF8()
	}
	return fd.Syntax() == protoreflect.Proto3
}

// scanPacked looks at a packed list of numbers.
func scanPacked(kind protoreflect.Kind, b []byte) error {
	size := 0
	switch kind {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		size = 4
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		size = 8
	}
	if size > 0 {
		if len(b)%size != 0 {
			return errMalformed
		}
		return nil
	}
	for len(b) > 0 {
		_, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return errMalformed
		}
		b = b[n:]
	}
	return nil
}
