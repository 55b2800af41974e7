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

// A Scene is what there is to see of one provider.
type Scene struct{ Provider, Text string }

// Scenes say what there is to see, for the terminal and the dashboard.
func Scenes() []Scene {
	return []Scene{
		{"steady", "Healthy. At 100 requests per second its mailbox fills, too."},
		{"limited", "Answers 429 beyond 7 per second. Its key rests, and what finds no place is refused."},
		{"flaky", "Hangs for 12 s of every 45. Its mailbox fills, callers wait, then all of it drains."},
	}
}
