package demo

import _ "embed"

// FileName is what the configuration is called in messages.
const FileName = "demo.toml"

//go:embed demo.toml
var file string

// File returns the demonstration's configuration, with its comments.
func File() string { return file }

// Targets are what the load asks for, with the weights that the file's comments name.
func Targets() []Target {
	return []Target{{"steady/sim-small", 20}, {"limited/sim-small", 8}, {"flaky/sim-small", 12}}
}
