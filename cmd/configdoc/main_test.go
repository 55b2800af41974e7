package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheGeneratedDocumentsAreThoseThatAreCheckedIn(t *testing.T) {
	t.Chdir("../..")
	dir := t.TempDir()
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{page, schema} {
		made, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		there, err := os.ReadFile(name)
		if err != nil || string(there) != string(made) {
			t.Errorf("%s is not what the code says (%v); run make generate", name, err)
		}
	}
}

func TestAPageWithoutTheTablesIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := generate("."); err == nil {
		t.Error("a page that is not there is no error")
	}
	if err := os.Mkdir("docs", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte("# Configuration\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate("."); err == nil {
		t.Error("a page without a table is no error")
	}
}
