package config

import (
	"slices"
	"strings"
)

// unknown makes the fault of a key that its table does not have.
func (r *reader) unknown(v value, name string, here []string) {
	r.fault(v.line, v.at, "is not a key here; %s", r.instead(v.at, name, here))
}

// instead says what to write instead of name: a key of this table that looks like
// it, the table that it belongs to, or all the keys there are.
func (r *reader) instead(at path, name string, here []string) string {
	if s := nearest(name, here); s != "" {
		return "did you mean " + s + "?"
	}
	if at == path("").key(name) && r.knowsType(name) {
		return "did you mean providers." + name + "?"
	}
	var tables []string
	for _, p := range r.known {
		i := strings.LastIndexByte(p, '.')
		switch {
		case p[i+1:] != name:
		case i < 0 && r.format == JSON:
			return "it belongs in the outermost object"
		case i < 0:
			return "it belongs at the top of the file, before the first table"
		case !slices.Contains(tables, p[:i]):
			tables = append(tables, p[:i])
		}
	}
	if len(tables) > 0 {
		return "it belongs in " + strings.Join(tables, " or ")
	}
	return "the keys here are " + strings.Join(here, ", ")
}

// nearest returns the candidate that name was probably meant to be, or "".
func nearest(name string, candidates []string) string {
	best, least := "", 1+max(1, len(name)/3)
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if len(name) > longestName {
		return ""
	}
	for _, c := range candidates {
		if d := distance(name, strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove, replace or swap with
// their neighbour to get from a to b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
