package schemas

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// Headers are HTTP headers by name. Their values may be secret: String, GoString,
// LogValue and JSON show the names only.
type Headers map[string]string

// String returns the names, sorted.
func (h Headers) String() string {
	return "headers " + strings.Join(slices.Sorted(maps.Keys(h)), ", ")
}

// GoString is String.
func (h Headers) GoString() string { return h.String() }

// LogValue is String.
func (h Headers) LogValue() slog.Value { return slog.StringValue(h.String()) }

// MarshalJSON returns the names, sorted.
func (h Headers) MarshalJSON() ([]byte, error) { return json.Marshal(slices.Sorted(maps.Keys(h))) }
