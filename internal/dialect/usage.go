package dialect

import (
	"bytes"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

// UsageAsker is a Codec of a dialect whose streams tell their usage only if they are
// asked to. The runtime asks for it where somebody wants to know, and passes the answer
// on as if it had not.
type UsageAsker interface {
	Codec

	// AskUsage returns a raw call with its usage asked for; raw itself if it asks already,
	// has no stream, or if the provider may refuse it then. raw is not modified.
	AskUsage(raw *schemas.RawRequest) *schemas.RawRequest

	// WatchAsked is Watch for the answer to raw after AskUsage has changed it.
	WatchAsked(raw *schemas.RawRequest, key string) Watch
}

// MaxEnding is how much of the end of a long answer is kept to look for its usage, in
// bytes. Providers write it last, or near.
const MaxEnding = 16 << 10

// Ending is a whole answer, or of a longer one its last bytes.
type Ending struct {
	Data []byte
	Cut  bool // Data is not all of it
}

// Object returns the object that the answer has as its member of that name, or of an
// answer that is a list its last element; nil if it is not seen. Text within the answer is
// never taken for it.
func (e Ending) Object(name string) []byte {
	if !e.Cut {
		return wholeObject(e.Data, name)
	}
	quoted := []byte(`"` + name + `"`)
	rest := e.Data
	for range maxLooks {
		at := bytes.LastIndex(rest, quoted)
		if at < 0 {
			return nil
		}
		if object := objectAt(e.Data, at, len(quoted)); object != nil {
			return object
		}
		rest = rest[:at]
	}
	return nil
}

// maxLooks bounds the places that are looked at: each costs the reading of what follows.
const maxLooks = 32

func wholeObject(data []byte, name string) []byte {
	data = bytes.TrimSpace(data)
	path := name
	if len(data) > 0 && data[0] == '[' { // a stream that is a list
		elements := gjson.ParseBytes(data).Array()
		if len(elements) == 0 {
			return nil
		}
		data = []byte(elements[len(elements)-1].Raw)
	}
	if v := gjson.GetBytes(data, path); v.IsObject() {
		return []byte(v.Raw)
	}
	return nil
}

// objectAt returns the object of the member whose name is at a place, if what follows it
// shows that it is the answer's own: all that is open is closed by it, and nothing is left
// but the end of the object, or of a list of such.
func objectAt(data []byte, at, length int) []byte {
	if at > 0 && data[at-1] == '\\' { // within a text
		return nil
	}
	value, ok := bytes.CutPrefix(bytes.TrimLeft(data[at+length:], " \t\r\n"), []byte(":"))
	if !ok {
		return nil
	}
	value = bytes.TrimLeft(value, " \t\r\n")
	if len(value) == 0 || value[0] != '{' {
		return nil
	}
	end, _ := skip(value, 0)
	if end <= 0 {
		return nil
	}
	closed := bytes.TrimSpace(value[end:])
	if _, depth := skip(closed, -3); depth == -1 && closed[len(closed)-1] == '}' || depth == -2 && closed[len(closed)-1] == ']' {
		return value[:end]
	}
	return nil
}

// skip reads JSON until its depth is as given, which may be below its beginning's, and
// returns what follows; 0 if it ends before. It also returns the depth at its end.
func skip(data []byte, until int) (end, depth int) {
	text, escaped := false, false
	for i, b := range data {
		switch {
		case escaped:
			escaped = false
		case text && b == '\\':
			escaped = true
		case b == '"':
			text = !text
		case text:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			if depth--; depth == until {
				return i + 1, depth
			}
		}
	}
	return 0, depth
}
