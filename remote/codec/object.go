package codec

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// ownMember has what the type of a body hides from JSON.
const ownMember = "bifrost"

// use says what a name at the top of a body is for.
type use int

const (
	field     use = iota + 1 // of the typed struct
	keptField                // and its JSON is kept
	reserved                 // no field; its JSON is kept
)

// names are those at the top of a body that are not a field of Extra.
type names map[string]use

// namesOf returns the names of T's fields, and the others, which are reserved.
func namesOf[T any](others ...string) names {
	n := names{ownMember: reserved}
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			n[name] = field
		}
	}
	for _, name := range others {
		n[name] = reserved
	}
	return n
}

// keeping returns n with the JSON of a field kept.
func (n names) keeping(name string) names {
	n[name] = keptField
	return n
}

// taken reports whether a field of Extra cannot stand at the top: a reader would take it
// for another, also where the names differ in case only, as encoding/json does.
func (n names) taken(name string) bool { return n[name] != 0 || n.folds(name) }

// folds reports whether encoding/json may take name, which is none of n, for that of a
// field. All fields' names are in small ASCII letters.
func (n names) folds(name string) bool {
	if strings.IndexFunc(name, func(r rune) bool { return 'A' <= r && r <= 'Z' || r > '~' }) < 0 {
		return false
	}
	// Both ways, since "ſ" is a small letter of "S", and the Kelvin sign a capital of "k".
	as := n[strings.ToLower(strings.ToUpper(name))]
	return as == field || as == keptField
}

// encodeBody writes v, a struct, with the members of extra beside its fields, and what it
// hides. What of extra cannot stand there is added to h.
func encodeBody(v any, extra map[string]json.RawMessage, h hidden, n names) ([]byte, error) {
	body, err := marshal(v)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if n.taken(name) {
			if h.Extra == nil {
				h.Extra = map[string]json.RawMessage{}
			}
			h.Extra[name] = extra[name]
		} else if body, err = appendMember(body, name, extra[name]); err != nil {
			return nil, err
		}
	}
	if h.isZero() {
		return body, nil
	}
	own, err := marshal(h)
	if err != nil {
		return nil, err
	}
	return appendMember(body, ownMember, own)
}

// marshal writes v as compact JSON.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it would change the inside of a json.RawMessage
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// appendMember adds a member to an object that marshal has written. An empty value is
// null.
func appendMember(object []byte, name string, value json.RawMessage) ([]byte, error) {
	quoted, err := json.Marshal(name)
	if err != nil {
		return nil, err
	}
	if len(value) == 0 {
		value = json.RawMessage("null")
	}
	b := bytes.NewBuffer(object[:len(object)-1])
	if b.Len() > 1 {
		b.WriteByte(',')
	}
	b.Write(quoted)
	b.WriteByte(':')
	if err := json.Compact(b, value); err != nil {
		return nil, err
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// members are what a body has at its top beside the typed fields.
type members struct {
	extra map[string]json.RawMessage
	kept  map[string]string // JSON of the names that keep it
	own   hidden            // of the member "bifrost"
}

// decodeBody reads a request's body into a T, and what stands beside its fields. It is read
// as a whole, and a second time only if a name differs from a field's in case alone:
// encoding/json may have taken it for the field.
func decodeBody[T any](body []byte, n names) (*T, members, error) {
	out, m := new(T), members{}
	err := readObject(body, out)
	if isSyntax(err) {
		return nil, m, err
	}
	exact, unread := m.walk(body, n)
	if unread != nil {
		return nil, m, unread
	}
	if exact != nil {
		out = new(T)
		err = readObject(exact, out)
	}
	if err != nil {
		return nil, m, err
	}
	if own, there := m.kept[ownMember]; there {
		if err := json.Unmarshal([]byte(own), &m.own); err != nil {
			return nil, m, fieldError(ownMember)
		}
	}
	for name, value := range m.own.Extra {
		m.addExtra(name, value)
	}
	return out, m, nil
}

func (m *members) addExtra(name string, value json.RawMessage) {
	if m.extra == nil {
		m.extra = map[string]json.RawMessage{}
	}
	m.extra[name] = value
}

// walk notes the members of body, which is a JSON object. If some of the names differ from
// a field's in case only, it returns an object of the typed fields alone, else nil.
func (m *members) walk(body []byte, n names) (exact []byte, err error) {
	var typed [][2]string // names and values, as they are written
	folded := false
	gjson.ParseBytes(body).ForEach(func(key, value gjson.Result) bool {
		var name string
		if name, err = nameOf(key); err != nil {
			return false
		}
		switch as := n[name]; as {
		case field:
			typed = append(typed, [2]string{key.Raw, value.Raw})
		case keptField, reserved:
			if m.kept == nil {
				m.kept = map[string]string{}
			}
			m.kept[name] = value.Raw
			if as == keptField {
				typed = append(typed, [2]string{key.Raw, value.Raw})
			}
		default:
			m.addExtra(name, json.RawMessage(value.Raw))
			folded = folded || n.folds(name)
		}
		return true
	})
	if err != nil || !folded {
		return nil, err
	}
	var b bytes.Buffer
	for i, member := range typed {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(member[0])
		b.WriteByte(':')
		b.WriteString(member[1])
	}
	if len(typed) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// nameOf returns a member's name as encoding/json reads it.
func nameOf(key gjson.Result) (name string, err error) {
	plain := func(r rune) bool { return r == '\\' || r > '~' }
	if strings.IndexFunc(key.Raw, plain) < 0 {
		return key.Str, nil
	}
	err = json.Unmarshal([]byte(key.Raw), &name)
	return name, err
}

// readObject reads a JSON object into out. Anything else, null too, is an error.
func readObject(data []byte, out any) error {
	if err := json.Unmarshal(data, out); err != nil {
		return err
	}
	if bytes.TrimLeft(data, " \t\r\n")[0] != '{' {
		return errNoObject
	}
	return nil
}
