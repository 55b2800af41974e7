package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const mask = "***"

// MaxErrorBody is the most that is kept of a provider's error body, in bytes.
const MaxErrorBody = 64 << 10

// describeBody lists the headers without which a body cannot be read. They are
// never masked: a key may be as short as a word of theirs.
var describeBody = []string{"Content-Type", "Content-Length", "Content-Encoding"}

// MaskHeader masks whatever equals key in the values of h, in place.
func MaskHeader(h http.Header, key string) {
	all := forms(key)
	for name, values := range h {
		if slices.Contains(describeBody, name) {
			continue
		}
		for i := range values {
			for _, form := range all {
				values[i] = strings.ReplaceAll(values[i], form, mask)
			}
		}
	}
}

// MaskedBody returns a copy of body without key, of at most MaxErrorBody bytes.
func MaskedBody(body []byte, key string) []byte {
	cut := len(body) > MaxErrorBody
	body = Masked(body, key)
	body = body[:min(len(body), MaxErrorBody)]
	if cut {
		body = withoutBeginning(body, key)
	}
	return body
}

// Masked returns a copy of text without key.
func Masked(text []byte, key string) []byte {
	text = bytes.Clone(text)
	for _, form := range forms(key) {
		text = bytes.ReplaceAll(text, []byte(form), []byte(mask))
	}
	return text
}

// Quotes reports whether key is in text.
func Quotes(text []byte, key string) bool {
	return slices.ContainsFunc(forms(key), func(form string) bool { return bytes.Contains(text, []byte(form)) })
}

// withoutBeginning removes the beginning of key from the end of a body that was
// cut there.
func withoutBeginning(body []byte, key string) []byte {
	for _, form := range forms(key) {
		for n := len(form) - 1; n > 0; n-- {
			if bytes.HasSuffix(body, []byte(form[:n])) {
				return body[:len(body)-n]
			}
		}
	}
	return body
}

// percentLower finds the escapes of a URL, which may be written in either case.
var percentLower = regexp.MustCompile(`%[0-9A-F]{2}`)

// forms returns how key may be written: as it is, and as JSON text and URLs write
// it.
func forms(key string) []string {
	if key == "" {
		return nil
	}
	all := []string{key}
	if !strings.ContainsFunc(key, isEscaped) {
		return all
	}
	for _, html := range []bool{false, true} {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(html)
		if enc.Encode(key) == nil {
			all = append(all, strings.TrimSuffix(text.String()[1:], "\"\n"))
		}
	}
	for _, form := range all {
		all = append(all, strings.ReplaceAll(form, "/", `\/`))
	}
	for _, form := range []string{url.QueryEscape(key), url.PathEscape(key)} {
		all = append(all, form, percentLower.ReplaceAllStringFunc(form, strings.ToLower))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// isEscaped reports whether JSON text or a URL may write a character in another way.
func isEscaped(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
		return false
	}
	return true
}
