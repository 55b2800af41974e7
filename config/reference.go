package config

import "strings"

const referencePrefix = "env."

// reference returns the text of v, or that of the environment variable which v
// names as "env.NAME". The text itself never appears in a fault.
func (r *reader) reference(v value, example string) (string, bool) {
	if !r.want(v, kindText, example) {
		return "", false
	}
	name, ok := strings.CutPrefix(v.text, referencePrefix)
	if !ok {
		return v.text, true
	}
	if !isVariable(name) {
		r.fault(v.line, v.at, `must have the name of an environment variable after "env.", as in "env.OPENAI_API_KEY"`)
		return "", false
	}
	text, ok := r.lookup(name)
	switch {
	case !ok:
		r.fault(v.line, v.at, "needs the environment variable %s, which is not set; export it and start again", name)
	case text == "":
		r.fault(v.line, v.at, "needs the environment variable %s, which is empty; give it a value and start again", name)
	}
	return text, ok && text != ""
}

func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// fitsHeader reports whether text can be sent as the value of a header.
func fitsHeader(text string) bool {
	if strings.TrimSpace(text) != text {
		return false
	}
	return strings.IndexFunc(text, isControl) < 0
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
