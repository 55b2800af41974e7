package codec

import (
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// sendable reports whether a raw call asks for the same thing when it arrives.
func sendable(r *schemas.RawRequest) bool {
	return utf8.ValidString(r.Path) && utf8.ValidString(r.Query)
}

// encodeRawCall returns the call without its body.
func encodeRawCall(r *schemas.RawRequest) *bifrostv1.RawCall {
	return &bifrostv1.RawCall{Dialect: text(string(r.Dialect)), Method: text(r.Method), Path: r.Path, Query: r.Query,
		Header: encodeHeader(r.Header)}
}

// decodeRawCall returns the call without its body.
func decodeRawCall(m *bifrostv1.RawCall) *schemas.RawRequest {
	return &schemas.RawRequest{Dialect: schemas.Dialect(m.GetDialect()), Method: m.GetMethod(), Path: m.GetPath(), Query: m.GetQuery(),
		Header: decodeHeader(m.GetHeader())}
}

// encodeHeader returns the fields sorted by name, each with its values in their order, byte by
// byte: HTTP allows others than UTF-8.
func encodeHeader(h http.Header) []*bifrostv1.Header {
	if len(h) == 0 {
		return nil
	}
	out := make([]*bifrostv1.Header, 0, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		field := &bifrostv1.Header{Name: text(name)}
		for _, value := range h[name] {
			field.Values = append(field.Values, []byte(value))
		}
		out = append(out, field)
	}
	return out
}

// decodeHeader keeps the names as they are written. The values of one that comes twice are
// put together.
func decodeHeader(list []*bifrostv1.Header) http.Header {
	if len(list) == 0 {
		return nil
	}
	out := make(http.Header, len(list))
	for _, h := range list {
		values := out[h.GetName()]
		for _, value := range h.GetValues() {
			values = append(values, string(value))
		}
		out[h.GetName()] = values
	}
	return out
}
