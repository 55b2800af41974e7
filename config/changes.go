package config

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Change is one key whose resolved value differs between two files.
type Change struct {
	Key string // dotted path; an element of a list that has a name is shown by it, as in providers.openai.keys[team-a].weight

	// Old and New are the values as JSON; "" where there is none. What is secret is
	// "****", and New says that it has changed. A table that is new or gone as a whole
	// is one change, "{…}".
	Old, New string

	Line    int  // of the key in the new file; 0: it is not there
	Restart bool // the change has an effect in a new process only
}

const (
	changedMask = mask + " (changed)"
	wholeTable  = "{…}"
)

// Changes returns what differs from old, sorted by key; none if the files resolve to the
// same. Comments, order and the spelling of values are no changes, and neither is what
// the files that they name contain.
func (f *File) Changes(old *File) []Change {
	seal := newSeal()
	c := &comparison{line: f.line, remote: func(name string) bool {
		_, now := f.Remote[name]
		_, before := old.Remote[name]
		return now || before
	}}
	c.tables("", "", old.table(seal), f.table(seal))
	return c.changes
}

// newSeal returns a veil that shows whether two secrets are the same and nothing else. Its
// key is gone when it is.
func newSeal() veil {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	return func(secret string) string {
		if secret == "" {
			return ""
		}
		sum := hmac.New(sha256.New, key)
		sum.Write([]byte(secret))
		return mask + hex.EncodeToString(sum.Sum(nil))
	}
}

var sealed = regexp.MustCompile(`\*{4}[0-9a-f]{64}`)

// encoded returns the resolved configuration as TOML.
func (f *File) encoded(hide veil) string {
	var b strings.Builder
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(f.printed(hide)); err != nil { // structs of plain values
		panic("bug: " + err.Error())
	}
	return b.String()
}

// table returns the resolved configuration as tables and lists.
func (f *File) table(hide veil) map[string]any {
	var out map[string]any
	if _, err := toml.Decode(f.encoded(hide), &out); err != nil {
		panic("bug: " + err.Error())
	}
	return out
}

// comparison collects what differs. Paths are twofold: as they are shown, and as the
// lines of the file have them.
type comparison struct {
	line    func(at string) int
	remote  func(provider string) bool
	changes []Change
}

func (c *comparison) tables(shown, at string, old, now map[string]any) {
	names := map[string]bool{}
	for name := range old {
		names[name] = true
	}
	for name := range now {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c.values(dotted(shown, name), dotted(at, name), old[name], now[name])
	}
}

// values compares what is at a path. Nil: there is nothing.
func (c *comparison) values(shown, at string, old, now any) {
	oldTable, wasTable := old.(map[string]any)
	nowTable, isTable := now.(map[string]any)
	oldList, wasList := old.([]map[string]any)
	nowList, isList := now.([]map[string]any)
	switch {
	case wasTable && isTable, (wasTable || isTable) && c.inParts(shown):
		c.tables(shown, at, oldTable, nowTable)
	case wasList || isList:
		c.lists(shown, at, oldList, nowList)
	default:
		before, after := valueText(old), valueText(now)
		if before != after {
			c.add(shown, at, sealed.ReplaceAllString(before, mask), sealed.ReplaceAllString(after, mask))
		}
	}
}

// inParts reports whether a table that is new or gone is shown by what is in it: those of
// names, and providers on other nodes, which have few keys.
func (c *comparison) inParts(shown string) bool {
	provider, ok := strings.CutPrefix(shown, "providers.")
	return slices.Contains([]string{"clients", "models", "prices", "providers"}, shown) || ok && c.remote(strings.Trim(provider, `"`))
}

// lists compares lists of tables: by their names, or by their places.
func (c *comparison) lists(shown, at string, old, now []map[string]any) {
	before, after := labels(old), labels(now)
	for i, label := range after {
		var was any
		if j := slices.Index(before, label); j >= 0 {
			was = old[j]
		}
		c.values(shown+"["+label+"]", fmt.Sprintf("%s[%d]", at, i), was, now[i])
	}
	for j, label := range before {
		if !slices.Contains(after, label) {
			c.values(shown+"["+label+"]", "", old[j], nil)
		}
	}
}

func labels(list []map[string]any) []string {
	out := make([]string, len(list))
	for i, table := range list {
		if name, ok := table["name"].(string); ok {
			out[i] = name
		} else {
			out[i] = fmt.Sprint(i)
		}
	}
	return out
}

func (c *comparison) add(shown, at, old, now string) {
	if old == now && now != "" { // what differs is hidden
		now = strings.Replace(now, mask, changedMask, 1)
	}
	change := Change{Key: shown, Old: old, New: now, Restart: NeedsRestart(shown)}
	if c.line != nil && at != "" {
		change.Line = c.line(at)
	}
	if provider, ok := strings.CutPrefix(shown, "providers."); ok {
		name, _, _ := strings.Cut(provider, ".")
		change.Restart = change.Restart || c.remote(name)
	}
	c.changes = append(c.changes, change)
}

// valueText is a value as JSON has it; "" for none.
func valueText(v any) string {
	switch v.(type) {
	case nil:
		return ""
	case map[string]any:
		return wholeTable
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // what TOML has, except that it has infinity
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// dotted is path.key for any length of a name.
func dotted(at, name string) string {
	if strings.IndexFunc(name, notBare) >= 0 || name == "" {
		name = fmt.Sprintf("%q", name)
	}
	if at == "" {
		return name
	}
	return at + "." + name
}

// linesOf returns a function that knows the line of each key of a tree, by its path; 0
// of one that is not there.
func linesOf(root *node) func(at string) int {
	lines := map[string]int{}
	var add func(n *node, at string)
	add = func(n *node, at string) {
		lines[at] = n.line
		for i, e := range n.elements {
			add(e, fmt.Sprintf("%s[%d]", at, i))
		}
		for _, m := range n.members {
			add(m.node, dotted(at, m.name))
		}
	}
	add(root, "")
	return func(at string) int { return lines[at] }
}

// Digest returns the first 12 hexadecimal digits of the SHA-256 of what Print writes
// below its first line. Files that resolve to the same have the same, wherever they are
// read. Secrets are not in it, since a digest that is shown would confirm a guess: a
// file in which only a key has changed keeps its digest, and Changes tells.
func (f *File) Digest() string {
	sum := sha256.Sum256([]byte(f.encoded(hidden)))
	return hex.EncodeToString(sum[:])[:12]
}
