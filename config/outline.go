package config

import (
	"cmp"
	"fmt"
	"strings"
)

// outline is one key of the file's structure, without what reads it.
type outline struct {
	name  string
	shape shape // of a plain value
	about about
	below *layout // of a table of its own; nil for a plain value
}

// about is what the documents say of a key beside its shape.
type about struct {
	def      string // what its absence means
	means    string
	must     string // its bounds, where those of the shape are not enough
	required bool
	needs    []string // keys that stand beside it
}

// layout is a table, or several of one kind.
type layout struct {
	form  form
	names string // a pattern that the names match
	keys  []outline
	also  []any // further rules of JSON Schema that each of the tables keeps
}

// form is how a table stands in the one above.
type form int

const (
	single form = iota
	listed      // a list of tables
	named       // a table of tables, under names of the operator's choice
)

// paths returns the dotted path of every key that is a plain value, in order.
func (l layout) paths() []string {
	var paths []string
	for _, k := range l.keys {
		if k.below == nil {
			paths = append(paths, k.name)
			continue
		}
		prefix := k.name + "."
		if k.below.form == named {
			prefix += "NAME."
		}
		for _, p := range k.below.paths() {
			paths = append(paths, prefix+p)
		}
	}
	return paths
}

// row returns the key's line in the documents.
func (k outline) row() string {
	def, must := k.about.def, cmp.Or(k.about.must, k.shape.must)
	if k.about.required {
		def = "required"
	}
	return strings.TrimRight(fmt.Sprintf("| `%s` | %s | %s | %s | %s", k.name, k.shape.words, def, k.about.means, must), " ") + " |\n"
}
