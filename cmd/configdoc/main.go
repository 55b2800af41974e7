// Command configdoc writes what is made from the code that reads configuration files: the
// tables of docs/configuration.md, and the JSON Schema beside it.
//
//	go run ./cmd/configdoc FOLDER
//
// It reads docs/configuration.md of the working directory, and writes both below FOLDER,
// which is "." to renew them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"bifrost/config"
	"bifrost/providers"
)

const (
	page   = "docs/configuration.md"
	schema = "docs/bifrost.schema.json"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "name one folder to write into, such as .")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes the generated files below dir.
func generate(dir string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	if text, err = config.Document(text); err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "docs"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, page), text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, schema), config.Schema(types()), 0o644)
}

// types are what a provider may be.
func types() []config.Type {
	var all []config.Type
	for _, name := range providers.Types() {
		all = append(all, config.Type{Name: name})
	}
	return all
}
