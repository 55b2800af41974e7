package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// unplaced returns the paths of the decoded values that the index has no line for.
func unplaced(v any, at *place, p path) []path {
	if at == nil || at.line < 1 {
		return []path{p}
	}
	var missing []path
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			missing = append(missing, unplaced(e, at.members[name], p.key(name))...)
		}
	case []any:
		for i, e := range v {
			missing = append(missing, unplaced(e, at.element(i), p.item(i))...)
		}
	case []map[string]any:
		for i, e := range v {
			missing = append(missing, unplaced(e, at.element(i), p.item(i))...)
		}
	}
	return missing
}

// document writes TOML and notes on which line each value is.
type document struct {
	t     *rapid.T
	text  strings.Builder
	line  int
	count int
	want  map[string]int
}

func (d *document) write(text string) {
	d.text.WriteString(text)
	d.line += strings.Count(text, "\n")
}

// name returns a new key and how it is written.
func (d *document) name() (name, written string) {
	d.count++
	n := strconv.Itoa(d.count)
	switch rapid.IntRange(0, 4).Draw(d.t, "style of key") {
	case 0:
		return "k." + n, `"k.` + n + `"`
	case 1:
		return `é" ` + n, `"\u00e9\" ` + n + `"`
	case 2:
		return "#[" + n, "'#[" + n + "'"
	}
	return "k" + n, "k" + n
}

func (d *document) blank() string {
	return rapid.SampledFrom([]string{"", " ", "\n", "\n\n", " # ] } = \"\n", "\r\n\t"}).Draw(d.t, "blank")
}

func (d *document) space() string {
	return rapid.SampledFrom([]string{"", " ", "\t "}).Draw(d.t, "space")
}

// assignment writes one key, dotted or not, and its value.
func (d *document) assignment(at path, depth int) {
	line, name, written := d.line, "", ""
	for more := true; more; more = rapid.IntRange(0, 3).Draw(d.t, "dot") == 0 {
		if written != "" {
			d.write(written + d.space() + "." + d.space())
		}
		name, written = d.name()
		at = at.key(name)
		d.want[string(at)] = line
	}
	d.write(written + d.space() + "=" + d.space())
	d.value(at, depth)
}

func (d *document) value(at path, depth int) {
	kind := rapid.IntRange(0, 9).Draw(d.t, "kind of value")
	switch {
	case kind == 0 && depth < 3:
		d.write("[")
		for i := range rapid.IntRange(0, 3).Draw(d.t, "elements") {
			d.write(d.blank())
			d.want[string(at.item(i))] = d.line
			d.value(at.item(i), depth+1)
			d.write(d.blank() + ",")
		}
		d.write(d.blank() + "]")
	case kind == 1 && depth < 3:
		d.write("{")
		for i := range rapid.IntRange(0, 3).Draw(d.t, "members") {
			if i > 0 {
				d.write(",")
			}
			d.write(d.space())
			d.assignment(at, depth+1)
		}
		d.write(d.space() + "}")
	default:
		d.write(rapid.SampledFrom([]string{
			"1", "-0.5e3", "true", "inf", "1979-05-27 07:32:00Z", "07:32:00", "0xff",
			`""`, `''`, `"a # ] } = \" \\"`, `'a # ] } = \'`,
			`""""""`, `''''''`, `"""a"""""`, `'''a'''''`, `"""\\\""""`,
			"\"\"\"\na # \"\" \\\"\"\" ]\n[x]\n\"\"\"", "'''\n[x] # '' ]\n'''", "\"\"\"a\\\n   b\"\"\"",
		}).Draw(d.t, "scalar"))
	}
}

func (d *document) section() {
	d.write(d.blank())
	name, written := d.name()
	at, line := path("").key(name), d.line
	d.want[string(at)] = line
	if rapid.Bool().Draw(d.t, "array of tables") {
		for i := range rapid.IntRange(1, 3).Draw(d.t, "tables") {
			d.want[string(at.item(i))] = d.line
			d.write("[[" + d.space() + written + d.space() + "]]" + d.space() + "\n")
			d.assignments(at.item(i))
			if rapid.Bool().Draw(d.t, "table below") {
				sub, subWritten := d.name()
				d.want[string(at.item(i).key(sub))] = d.line
				d.write("[" + written + d.space() + "." + d.space() + subWritten + "]\n")
				d.assignments(at.item(i).key(sub))
			}
		}
		return
	}
	d.write("[" + d.space() + written + d.space() + "] # comment\n")
	d.assignments(at)
}

func (d *document) assignments(at path) {
	for range rapid.IntRange(0, 3).Draw(d.t, "assignments") {
		d.assignment(at, 0)
		d.write(d.space() + "\n")
	}
}

func TestTheIndexHasTheLineOfEveryKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &document{t: t, line: 1, want: map[string]int{}}
		d.assignments("")
		for range rapid.IntRange(0, 3).Draw(t, "sections") {
			d.section()
		}
		text := d.text.String()
		root, faults := decode([]byte(text), TOML)
		if len(faults) > 0 {
			t.Fatalf("%v\n%s", faults, text)
		}
		got := map[string]int{}
		note(root, "", got)
		delete(got, "")
		if !reflect.DeepEqual(got, d.want) {
			t.Fatalf("got  %v\nwant %v\n%s", got, d.want, text)
		}
	})
}

func note(n *node, at path, lines map[string]int) {
	lines[string(at)] = n.line
	for i, e := range n.elements {
		note(e, at.item(i), lines)
	}
	for _, m := range n.members {
		note(m.node, at.key(m.name), lines)
	}
}

func TestAnImplicitTableGetsTheLineOfItsOwnHeader(t *testing.T) {
	text := "[a.b]\n\n[a]\n[[c.d]]\n[c.d.e]\n[[c.d]]\n[c.d.e]\n"
	x := scanTOML(text, newLineTable(text))
	got := fmt.Sprint(x.root.members["a"].line, x.root.members["a"].members["b"].line,
		x.root.members["c"].members["d"].elements[0].members["e"].line,
		x.root.members["c"].members["d"].elements[1].line,
		x.root.members["c"].members["d"].elements[1].members["e"].line)
	if want := "3 1 5 6 7"; got != want {
		t.Errorf("got lines %s, want %s", got, want)
	}
}
