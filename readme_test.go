package bifrost_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmesProgramIsAnExample holds the Go block of the README against the
// examples, which are compiled and run.
func TestTheReadmesProgramIsAnExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "\n```go\n")
	block, _, found := strings.Cut(rest, "\n```\n")
	if !found || strings.Contains(rest, "\n```go\n") {
		t.Fatal("the README has no Go block, or more than one")
	}
	bodies := strings.ReplaceAll(string(examples), "\n\t", "\n") // the block is not indented
	if !strings.Contains(bodies, "\n"+block+"\n// Output:") {
		t.Errorf("no example has exactly this body:\n%s", block)
	}
}

func TestTheReadmesGuaranteesHaveTheNumbersOfTheirTests(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("actors_test/promise*_test.go")
	if err != nil || len(files) < 12 {
		t.Fatalf("got %v, %v", files, err)
	}
	for _, f := range files {
		m := regexp.MustCompile(`promise0?(\d+)_(.+)_test\.go$`).FindStringSubmatch(f)
		title := regexp.MustCompile(`(?mi)^` + m[1] + `\. \*\*(The )?` + strings.ReplaceAll(m[2], "_", " ") + `\b`)
		if !title.Match(readme) {
			t.Errorf("the README has no guarantee %s that is about %q, as %s is", m[1], m[2], f)
		}
	}
}
