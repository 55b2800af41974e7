package dialect

import (
	"bufio"
	"bytes"
	"mime"
	"net/http"
	"net/textproto"
	"slices"
)

// IsForm reports whether a header says that its body is multipart/form-data.
func IsForm(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "multipart/form-data"
}

// FormValues returns the contents of the parts of a form that are called name, in
// their order. It shares them with body. A body that is not the form that h says is
// of kind invalid_request.
//
// It is stricter than RFC 2046 has it, so that no reader of the same body sees another
// part: lines end in CRLF, the boundary is nowhere but between parts, nothing is before
// the first but an empty line, and after one are at most 256 blanks (net/http's reader
// fails at lines of 4 KiB).
func FormValues(h http.Header, body []byte, name string) ([][]byte, error) {
	places, err := formPlaces(h, body, name)
	if err != nil {
		return nil, err
	}
	var values [][]byte
	for _, p := range places {
		values = append(values, body[p.start:p.end])
	}
	return values, nil
}

// place is a part of a body.
type place struct{ start, end int }

// onlyFormPlace returns where the only part of a form that is called name has its
// content; false if there is none, or several.
func onlyFormPlace(h http.Header, body []byte, name string) (place, bool) {
	places, err := formPlaces(h, body, name)
	if err != nil || len(places) != 1 {
		return place{}, false
	}
	return places[0], true
}

// formPlaces returns where the contents of the parts called name are.
func formPlaces(h http.Header, body []byte, name string) ([]place, error) {
	all, err := readForm(h, body)
	var found []place
	for _, p := range all {
		if p.name == name {
			found = append(found, place{p.content, p.end})
		}
	}
	return found, err
}

// formPart is a part of a form: its content is body[content:end].
type formPart struct {
	name         string
	content, end int
}

// readForm returns the parts of a form.
func readForm(h http.Header, body []byte) ([]formPart, error) {
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, BadRequest("the form's Content-Type has no boundary; send multipart/form-data; boundary=…")
	}
	if len(params["boundary"]) > longestBoundary {
		return nil, BadRequest("the boundary in the form's Content-Type is longer than 70 characters; use a shorter one")
	}
	parts, ok := formParts([]byte("--"+params["boundary"]), body)
	if !ok {
		return nil, BadRequest("the body is not the form that its Content-Type says, or is cut off; send it again")
	}
	all := make([]formPart, 0, len(parts))
	for _, p := range parts {
		called, content, ok := readPart(body[p.start:p.end])
		if !ok {
			return nil, BadRequest("a part of the form has no Content-Disposition with a name; correct it")
		}
		all = append(all, formPart{called, p.start + content, p.end})
	}
	return all, nil
}

// cutFormParts returns a form without the parts that have one of the names, and their
// contents, in their order. What is between the other parts stays as it is. body is not
// modified; without any such part it is returned itself.
func cutFormParts(h http.Header, body []byte, names ...string) (without []byte, values [][]byte, err error) {
	all, err := readForm(h, body)
	if err != nil {
		return nil, nil, err
	}
	done := 0 // end of the last part
	for _, p := range all {
		if len(without) == 0 && done > 0 {
			done += len("\r\n") // a form begins with its boundary
		}
		if slices.Contains(names, p.name) {
			values = append(values, body[p.content:p.end])
		} else {
			without = append(without, body[done:p.end]...)
		}
		done = p.end
	}
	if len(values) == 0 {
		return body, nil, nil
	}
	if len(without) == 0 {
		done += len("\r\n")
	}
	return append(without, body[done:]...), values, nil
}

const (
	// longestBoundary is that of RFC 2046, section 5.1.1.
	longestBoundary = 70
	// mostPadding is how many blanks may follow a delimiter.
	mostPadding = 256
)

// formParts returns where the parts between the delimiters are, headers included.
func formParts(delimiter, body []byte) (parts []place, ok bool) {
	begun := -1 // where the part begins that is not ended
	for at := 0; ; {
		next := bytes.Index(body[at:], delimiter)
		if next < 0 {
			return nil, false
		}
		next += at
		end := next // of what comes before
		if next > 0 {
			if end -= 2; end < max(begun, 0) || string(body[end:next]) != "\r\n" || begun < 0 && end > 0 {
				return nil, false
			}
		}
		if begun >= 0 {
			parts = append(parts, place{begun, end})
		}
		rest := body[next+len(delimiter):]
		if bytes.HasPrefix(rest, []byte("--")) {
			return parts, closes(rest[2:], delimiter)
		}
		padding := blanks(rest)
		if padding > mostPadding || !bytes.HasPrefix(rest[padding:], []byte("\r\n")) {
			return nil, false
		}
		at = next + len(delimiter) + padding + 2
		begun = at
	}
}

// closes reports whether what follows the last delimiter is nothing more of the form.
func closes(rest, delimiter []byte) bool {
	padding := blanks(rest)
	after := rest[padding:]
	return padding <= mostPadding && (len(after) == 0 || bytes.HasPrefix(after, []byte("\r\n"))) && !bytes.Contains(after, delimiter)
}

// blanks counts the blanks that b begins with.
func blanks(b []byte) int { return len(b) - len(bytes.TrimLeft(b, " \t")) }

// readPart returns a part's name, and where its content begins.
func readPart(part []byte) (name string, content int, ok bool) {
	head := bytes.Index(part, []byte("\r\n\r\n"))
	if head < 0 {
		return "", 0, false
	}
	content = head + 4
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(part[:content]))).ReadMIMEHeader()
	if err != nil || len(header["Content-Disposition"]) != 1 {
		return "", 0, false
	}
	disposition, params, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil || disposition != "form-data" {
		return "", 0, false
	}
	name, ok = params["name"]
	return name, content, ok
}
