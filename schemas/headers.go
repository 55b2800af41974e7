package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
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

// Validate reports every header that cannot be sent with each request, joined, and
// those that differ in case only. Errors name the header, never its value.
func (h Headers) Validate() error {
	var faults []error
	first := make(map[string]string, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		path := "network_config.extra_headers." + name
		if !isToken(name) {
			path = fmt.Sprintf("network_config.extra_headers.%q", name)
		}
		same := strings.ToLower(name)
		if before, twice := first[same]; twice {
			faults = append(faults, fmt.Errorf("%s is the same header as %s; keep one", path, before))
			continue
		}
		first[same] = name
		if err := CheckHeader(name, h[name]); err != nil {
			faults = append(faults, fmt.Errorf("%s %w", path, err))
		}
	}
	return errors.Join(faults...)
}

// connections lists the headers that the adapter or the connection decides.
var connections = []string{"accept-encoding", "connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"}

// CheckHeader returns what is wrong with one of Headers, or nil: a name that HTTP
// does not allow, a header that only the connection decides, or a value that
// cannot be sent. The error continues a sentence that begins with the header's
// name, and says what to do; it never has the value.
func CheckHeader(name, value string) error {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	switch {
	case !isToken(name):
		return errors.New("is not the name of a header; write letters, digits and hyphens, such as X-Team")
	case slices.Contains(connections, strings.ToLower(name)):
		return errors.New("is decided by the connection and cannot be set; remove it")
	case strings.TrimSpace(value) != value || strings.ContainsFunc(value, control):
		return errors.New("has white space at an end, or a control character, in its value; remove it")
	}
	return nil
}

func isToken(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(others, r))
	})
}
