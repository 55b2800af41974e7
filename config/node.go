package config

import "slices"

// kind is the type of a value in the file, the same for TOML and JSON.
type kind int

const (
	kindTable kind = iota
	kindList
	kindText
	kindWhole
	kindFraction
	kindTruth
	kindMoment
	kindNull
	kindUnread // already has a fault; readers pass over it
)

// String names the kind as messages do.
func (k kind) String() string {
	return [...]string{
		kindTable:    "a table",
		kindList:     "a list",
		kindText:     "text",
		kindWhole:    "a whole number",
		kindFraction: "a number with a fraction",
		kindTruth:    "true or false",
		kindMoment:   "a date or time",
		kindNull:     "null",
		kindUnread:   "unreadable",
	}[k]
}

// maxDepth bounds how deep tables and lists nest, and how many parts a dotted
// key has, so that no file can exhaust the stack. Ours need six.
const maxDepth = 100

const tooDeep = "is nested deeper than 100; a configuration needs six levels"

// node is one value of the file with the line it is on: that of its key, of its
// table's header, or of the element itself in a list.
type node struct {
	kind     kind
	line     int
	text     string
	whole    int64
	fraction float64
	truth    bool
	members  []member // of a table, in the order of their lines
	elements []*node  // of a list
}

type member struct {
	name string
	node *node
}

// drop removes a member that is text.
func (n *node) drop(name string) {
	n.members = slices.DeleteFunc(n.members, func(m member) bool { return m.name == name && m.node.kind == kindText })
}
