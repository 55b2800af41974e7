package docs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A block is a fenced block of a document, with what its marker says.
type block struct {
	line     int    // of the fence, from 1
	language string // what stands behind the fence
	text     string

	verb  string // of the marker; empty: it has none
	clone bool   // run in the repository
	want  string // text of the output, a file's name, a test's or a reason
}

// shells are the languages whose blocks are commands.
var shells = []string{"sh", "bash", "shell", "console"}

var marker = regexp.MustCompile(`^<!-- ci:([a-z]+)( clone)?(?: (.+))? -->$`)

// blocks returns the marked blocks of a document, and the faults of its markers: a shell's
// block that has none, and markers that nobody understands.
func blocks(document string) (found []block, faults []string) {
	var b *block
	before := ""
	for i, line := range strings.Split(document, "\n") {
		switch {
		case b == nil && strings.HasPrefix(line, "```"):
			b = &block{line: i + 1, language: strings.TrimPrefix(line, "```")}
			if err := b.mark(before); err != nil {
				faults = append(faults, fmt.Sprintf("line %d: %v", b.line, err))
			}
		case b == nil:
			if marker.MatchString(before) {
				faults = append(faults, fmt.Sprintf("line %d: a marker without a block", i))
			}
		case line == "```":
			if b.verb != "" {
				found = append(found, *b)
			}
			b = nil
		default:
			b.text += line + "\n"
		}
		before = line
	}
	if b != nil {
		faults = append(faults, fmt.Sprintf("line %d: the block has no end", b.line))
	}
	return found, faults
}

// mark reads the line before the fence.
func (b *block) mark(line string) error {
	m := marker.FindStringSubmatch(line)
	shell := slices.Contains(shells, b.language)
	if m == nil {
		if shell {
			return fmt.Errorf("the commands have no marker such as <!-- ci:run --> or <!-- ci:not needs a real key -->; see docs_test/doc_test.go")
		}
		return nil
	}
	b.verb, b.clone, b.want = m[1], m[2] != "", m[3]
	var err error
	switch b.verb {
	case "serve", "curl": // of the README, for `.ci/run smoke`
		b.verb, b.want = "by", "step smoke"
	case "run", "fails", "background":
		if b.want != "" {
			b.want, err = strconv.Unquote(b.want)
		}
		if err != nil || b.want == "" && b.verb != "run" {
			return fmt.Errorf(`ci:%s needs the text of its output in quotes, as in <!-- ci:%s "ready" -->`, b.verb, b.verb)
		}
	case "by", "not", "file":
		if b.want == "" {
			return fmt.Errorf("ci:%s needs a word more: a test, a reason, a file", b.verb)
		}
	default:
		return fmt.Errorf("nobody knows ci:%s; see docs_test/doc_test.go", b.verb)
	}
	if !shell && b.verb != "file" {
		return fmt.Errorf("ci:%s is for commands, and this block is of %q", b.verb, b.language)
	}
	return nil
}

func TestBlocksHaveTheirMarkers(t *testing.T) {
	got, faults := blocks("a\n<!-- ci:run clone \"it's \\\"ok\\\"\" -->\n```sh\none\ntwo\n```\n```go\nx\n```\n<!-- ci:file a.toml -->\n```toml\nx = 1\n```\n")
	want := []block{
		{line: 3, language: "sh", text: "one\ntwo\n", verb: "run", clone: true, want: `it's "ok"`},
		{line: 11, language: "toml", text: "x = 1\n", verb: "file", want: "a.toml"},
	}
	if !slices.Equal(got, want) || len(faults) > 0 {
		t.Errorf("got %+v, %v", got, faults)
	}
}

func TestEveryFaultOfAMarkerIsFound(t *testing.T) {
	for document, want := range map[string]string{
		"```sh\nx\n```":                                     "line 1: the commands have no marker",
		"<!-- ci:run -->\n\n```sh\nx\n```":                  "line 1: a marker without a block",
		"<!-- ci:walk -->\n```sh\nx\n```":                   "line 2: nobody knows ci:walk",
		"<!-- ci:background -->\n```sh\nx\n```":             "line 2: ci:background needs the text",
		"<!-- ci:fails text -->\n```sh\nx\n```":             "line 2: ci:fails needs the text",
		"<!-- ci:not -->\n```sh\nx\n```":                    "line 2: ci:not needs a word more",
		"<!-- ci:run -->\n```toml\nx\n```":                  "line 2: ci:run is for commands",
		"<!-- ci:run -->\n```sh\nx\n":                       "line 2: the block has no end",
		"<!-- ci:run -->\ntext between\n```console\nx\n```": "line 1: a marker without a block",
	} {
		if _, faults := blocks(document); len(faults) == 0 || !strings.HasPrefix(faults[0], want) {
			t.Errorf("%q: got %q", document, faults)
		}
	}
}
