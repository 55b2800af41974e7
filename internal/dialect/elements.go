package dialect

import "github.com/tidwall/gjson"

// WithElements returns a body with what change makes of each object in the list at path;
// change returns false to leave one as it is. Every other byte stays, and the body is
// copied once, however long the list is; without a change it is returned itself. body is
// valid JSON and not modified.
func WithElements(body []byte, path string, change func(element gjson.Result) (string, bool)) []byte {
	var out []byte
	done := 0
	for _, element := range gjson.GetBytes(body, path).Array() {
		if !element.IsObject() {
			continue
		}
		changed, is := change(element)
		if !is {
			continue
		}
		out = append(append(out, body[done:element.Index]...), changed...)
		done = element.Index + len(element.Raw)
	}
	if done == 0 {
		return body
	}
	return append(out, body[done:]...)
}
