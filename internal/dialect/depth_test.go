package dialect

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestDepthIsCountedOutsideStringsOnly(t *testing.T) {
	for text, want := range map[string]bool{
		strings.Repeat("[", MaxDepth): false, strings.Repeat("[", MaxDepth+1): true,
		strings.Repeat("[]", 5*MaxDepth):                              false,
		`"` + strings.Repeat("[", 2*MaxDepth) + `"`:                   false,
		`"\"` + strings.Repeat("{", 2*MaxDepth):                       false,
		`"\\"` + strings.Repeat(`{"a":`, MaxDepth+1):                  true,
		strings.Repeat(`{"]":[`, MaxDepth/2) + strings.Repeat("[", 1): true,
	} {
		if TooDeep(text) != want || TooDeep([]byte(text)) != want {
			t.Errorf("%.20q… of %d bytes: want %v", text, len(text), want)
		}
	}
}

// TestTextThatNestsWithoutEndDoesNotEndTheProcess is of a text whose levels would need
// more stack than a program may have.
func TestTextThatNestsWithoutEndDoesNotEndTheProcess(t *testing.T) {
	text := strings.Repeat("[", 8<<20)
	if ValidText(text) || ValidBytes([]byte(text)) {
		t.Error("it was taken for JSON")
	}
	for _, text := range []string{`{"a":[1,"]"]}`, strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)} {
		if !ValidText(text) || !ValidBytes([]byte(text)) {
			t.Errorf("%.20q… was not", text)
		}
	}
}

var unbounded = regexp.MustCompile(`gjson\.Valid(Bytes)?\(`)

func TestNoTextIsCheckedWithoutABoundOfItsDepth(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == filepath.Join("..", "..", "internal", "dialect", "depth.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if unbounded.Match(text) {
			t.Errorf("%s calls gjson.Valid, which needs stack for each level; call dialect.ValidBytes or ValidText", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
