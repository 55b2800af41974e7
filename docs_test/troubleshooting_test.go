package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// literals returns the texts of all constants in the code that is no test, joined where
// they are written as a sum.
func literals(t *testing.T) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasSuffix(d.Name(), "_test") || slices.Contains([]string{".git", "node_modules", "testdata"}, d.Name())):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, constant := constantText(e)
			if constant {
				all = append(all, text)
			}
			return !constant
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// constantText returns the text of a literal, or of a sum of literals.
func constantText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.BinaryExpr:
		left, first := constantText(e.X)
		right, second := constantText(e.Y)
		return left + right, first && second && e.Op == token.ADD
	}
	return "", false
}

// firstCells returns what the first column of a marked table has in backquotes.
func firstCells(t *testing.T, document, mark string) []string {
	t.Helper()
	_, rest, found := strings.Cut(document, "<!-- "+mark+" -->\n")
	if !found {
		t.Fatalf("no table is marked %q", mark)
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	var cells []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		cells = append(cells, m[1])
	}
	if len(cells) < 5 {
		t.Fatalf("the table %q has %d rows", mark, len(cells))
	}
	return cells
}

func TestEveryCodeAndLineOfTroubleshootingIsInTheCode(t *testing.T) {
	document, all := read(t, filepath.Join(root, "docs", "troubleshooting.md")), literals(t)
	for _, code := range firstCells(t, document, "codes") {
		if !slices.Contains(all, code) {
			t.Errorf("no code is %q", code)
		}
	}
	for _, mark := range []string{"log", "said"} {
		for _, line := range firstCells(t, document, mark) {
			if !slices.ContainsFunc(all, func(text string) bool { return strings.Contains(text, line) }) {
				t.Errorf("nothing says %q", line)
			}
		}
	}
}

func TestEveryKindAndReasonOfAnErrorIsInTroubleshooting(t *testing.T) {
	codes := firstCells(t, read(t, filepath.Join(root, "docs", "troubleshooting.md")), "codes")
	declared := regexp.MustCompile(`(?m)^\s+(?:Kind|Reason)\w+\s+(?:ErrorKind|Reason) = "(\w+)"`)
	found := declared.FindAllStringSubmatch(read(t, filepath.Join(root, "schemas", "error.go")), -1)
	if len(found) < 20 {
		t.Fatalf("found %d kinds and reasons", len(found))
	}
	for _, m := range found {
		if !slices.Contains(codes, m[1]) {
			t.Errorf("troubleshooting.md does not have the code %q", m[1])
		}
	}
}
