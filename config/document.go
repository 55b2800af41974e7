package config

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const tableHead = "| key | type | default | meaning | must be |\n|---|---|---|---|---|\n"

// marker is the line in a document after which the table of one table of the file
// stands: "<!-- keys of server -->". The top level is "the file".
var marker = regexp.MustCompile(`^<!-- keys of (.+) -->$`)

const topLevel = "the file"

// Document returns page with the tables of keys renewed: each replaces the one that
// follows its marker, a line such as
//
//	<!-- keys of providers.NAME.keys -->
//
// An error names a marker that is of no table, and tables that have no marker.
func Document(page []byte) ([]byte, error) {
	tables := map[string]string{}
	fileSection.layout().document("", tables)
	var out bytes.Buffer
	lines := strings.SplitAfter(string(page), "\n")
	for i := 0; i < len(lines); i++ {
		out.WriteString(lines[i])
		m := marker.FindStringSubmatch(strings.TrimSpace(lines[i]))
		if m == nil {
			continue
		}
		table, ok := tables[m[1]]
		if !ok {
			return nil, fmt.Errorf("line %d: there is no table %q, or it was there before; correct the marker", i+1, m[1])
		}
		delete(tables, m[1])
		out.WriteString(table)
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|") {
			i++
		}
	}
	if len(tables) > 0 {
		var missing []string
		for name := range tables {
			missing = append(missing, name)
		}
		slices.Sort(missing)
		return nil, fmt.Errorf("no marker for %s; add <!-- keys of … --> for each", strings.Join(missing, ", "))
	}
	return out.Bytes(), nil
}

// document puts the tables of l, which is at that path, into tables.
func (l layout) document(at string, tables map[string]string) {
	rows := ""
	for _, k := range l.keys {
		if k.below == nil {
			rows += k.row()
			continue
		}
		below := strings.TrimPrefix(at+"."+k.name, ".")
		if k.below.form == named {
			below += ".NAME"
		}
		k.below.document(below, tables)
	}
	if at == "" {
		at = topLevel
	}
	tables[at] = tableHead + rows
}
