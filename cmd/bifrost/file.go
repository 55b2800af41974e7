package main

import (
	"errors"
	"fmt"
	"io/fs"

	"bifrost/config"
	"bifrost/providers"
)

// defaultFile is read when no file is named.
const defaultFile = "bifrost.toml"

// loadFile reads a configuration file. The error has one fault a line.
func loadFile(path string) (*config.File, error) {
	file, err := config.Load(path, config.WithTypes(knownTypes()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w\nto make one: bifrost init%s", err, configFlag(path))
	}
	return file, err
}

// configFlag is the flag that names a file, where it has to be named.
func configFlag(path string) string {
	if path == defaultFile {
		return ""
	}
	return " --config " + quote(path)
}

// knownTypes tells the reader of files what it has to know of the adapters.
func knownTypes() []config.Type {
	var types []config.Type
	for _, name := range providers.Types() {
		types = append(types, config.Type{
			Name:      name,
			NeedsKey:  providers.NeedsKey(name),
			OwnURL:    providers.OwnURL(name),
			Simulated: name == providers.TypeSimulated,
		})
	}
	return types
}
