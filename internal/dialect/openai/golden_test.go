package openai

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bifrost/schemas"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sameJSON compares two documents as values.
func sameJSON(t *testing.T, got, want []byte) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("not json: %v: %s", err, got)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("got %s\nwant %s", got, want)
	}
}

// chunks reads a stream to its end.
func chunks(s *ChatStream) ([]*schemas.ChatChunk, error) {
	var all []*schemas.ChatChunk
	for {
		c, err := s.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
}

func textOfAll(all []*schemas.ChatChunk) string {
	var b strings.Builder
	for _, c := range all {
		b.WriteString(c.Text())
	}
	return b.String()
}
