package config

import "sort"

// lineTable finds the line of a byte offset.
type lineTable []int // offset of each newline

func newLineTable(data string) lineTable {
	var t lineTable
	for i := range len(data) {
		if data[i] == '\n' {
			t = append(t, i)
		}
	}
	return t
}

// at returns the line, from 1, that holds offset.
func (t lineTable) at(offset int) int {
	return sort.SearchInts(t, offset) + 1
}

// start returns the offset of the first byte of line, which must exist.
func (t lineTable) start(line int) int {
	if line < 2 {
		return 0
	}
	return t[line-2] + 1
}
