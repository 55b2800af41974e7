package docs_test

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A formula computes the last columns of a table from the ones before.
type formula struct {
	given   int
	compute func(x []float64) []float64
}

// formulas are those that docs/sizing.md writes above its tables.
var formulas = map[string]formula{
	"concurrency": {2, func(x []float64) []float64 { return []float64{x[0] * x[1], up(x[0] * x[1] / 0.7)} }},
	"limit":       {2, func(x []float64) []float64 { return []float64{down(x[0] / 60 * x[1])} }},
	"burst": {2, func(x []float64) []float64 {
		served := x[0] / x[1]
		return []float64{served, x[3], x[4], up((x[3] - served) * x[4])}
	}},
	"budget": {3, func(x []float64) []float64 { return []float64{down(x[2] * x[0] / x[1])} }},
	"pool":   {3, func(x []float64) []float64 { return []float64{x[0] + x[1] + x[2]} }},
	"memory": {2, func(x []float64) []float64 { return []float64{up(32 + x[0]*(25+2.4*x[1])/1000)} }},
}

// Halves of a thousandth are what floating point adds.
func up(x float64) float64   { return math.Ceil(x - 1e-6) }
func down(x float64) float64 { return math.Floor(x + 1e-6) }

func TestTheTablesOfSizingAreComputed(t *testing.T) {
	tables := computedTables(t, read(t, filepath.Join(root, "docs", "sizing.md")))
	for name, f := range formulas {
		if len(tables[name]) < 2 {
			t.Errorf("the table %q has %d rows", name, len(tables[name]))
		}
		for _, row := range tables[name] {
			want := f.compute(row)
			for i, w := range want {
				if got := row[f.given+i]; math.Abs(got-w) > 1e-9 {
					t.Errorf("%s: %v: column %d should be %v", name, row, f.given+i+1, w)
				}
			}
			if len(row) != f.given+len(want) {
				t.Errorf("%s: %v has other columns", name, row)
			}
		}
	}
	if len(tables) != len(formulas) {
		t.Errorf("there are %d computed tables and %d formulas", len(tables), len(formulas))
	}
}

// computedTables returns the rows of each table that has a name in a comment above it.
func computedTables(t *testing.T, document string) map[string][][]float64 {
	t.Helper()
	tables, name := map[string][][]float64{}, ""
	for line := range strings.Lines(document) {
		line = strings.TrimSpace(line)
		if n, ok := strings.CutPrefix(line, "<!-- computed: "); ok {
			name = strings.TrimSuffix(n, " -->")
			tables[name] = nil
			continue
		}
		if !strings.HasPrefix(line, "|") {
			name = ""
		}
		if name == "" || strings.HasPrefix(line, "|---") {
			continue
		}
		var row []float64
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			x, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
			if err != nil {
				break // the heading
			}
			row = append(row, x)
		}
		if row != nil {
			tables[name] = append(tables[name], row)
		}
	}
	return tables
}

// TestTheExampleOfSizingIsThatOfItsTables holds the worked example's numbers, which its
// bifrost.toml has, against the rows that they come from.
func TestTheExampleOfSizingIsThatOfItsTables(t *testing.T) {
	document := read(t, filepath.Join(root, "docs", "sizing.md"))
	tables := computedTables(t, document)
	workers, places := tables["concurrency"][1][3], tables["burst"][0][5]
	for key, want := range map[string]float64{"concurrency": workers, "buffer_size": places, "initial_pool_size": workers + places} {
		if line := key + " = " + strconv.FormatFloat(want, 'f', -1, 64) + "\n"; !strings.Contains(document, line) {
			t.Errorf("the example has no line %q", line)
		}
	}
	if limit := down(1000.0 / 60 * 2); limit != 33 || workers > limit || places > tables["budget"][0][3] {
		t.Errorf("%v workers at a limit of %v, and %v places of %v", workers, limit, places, tables["budget"][0][3])
	}
	if got := tables["memory"][1]; got[0] != workers+places {
		t.Errorf("the memory is that of %v callers", got[0])
	}
}
