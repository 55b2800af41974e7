package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = ".."

// documents returns the files whose commands are held to be true.
func documents(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(all) == 0 {
		t.Fatalf("got %v, %v", all, err)
	}
	return append(all, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryCommandIsRunOrSaysWhyNot(t *testing.T) {
	for _, path := range documents(t) {
		_, faults := blocks(read(t, path))
		for _, f := range faults {
			t.Errorf("%s, %s", path, f)
		}
	}
}

func TestReasonsAreSentencesAndTestsExist(t *testing.T) {
	tests := testNames(t)
	steps := read(t, filepath.Join(root, ".ci", "run"))
	for _, path := range documents(t) {
		all, _ := blocks(read(t, path))
		for _, b := range all {
			step, isStep := strings.CutPrefix(b.want, "step ")
			switch {
			case b.verb == "not" && len(strings.Fields(b.want)) < 3:
				t.Errorf("%s, line %d: %q is not much of a reason", path, b.line, b.want)
			case b.verb != "by":
			case isStep && !strings.Contains(steps, "\nstep_"+step+"() {"), !isStep && !tests[b.want]:
				t.Errorf("%s, line %d: there is no %s", path, b.line, b.want)
			}
		}
	}
}

// testNames returns the names of all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range declaration.FindAllStringSubmatch(read(t, filepath.Join(root, path)), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
