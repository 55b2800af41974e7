package config

import "strings"

// fixed are the keys and tables whose change has an effect in a new process only. One that
// ends in "." is a table that may not come or go, although what is in it may change.
var fixed = []string{
	"initial_pool_size",
	"server.listen",
	"server.max_header_bytes",
	"server.read_header_timeout",
	"server.idle_timeout",
	"server.tls.",
	"admin.listen",
	"admin.tls.",
	"tracing",
	"node",
	"providers.NAME.node",
	"providers.NAME.move_waiting",
}

// NeedsRestart reports whether a change of key has an effect in a new process only. Key is
// a dotted path as Change has it. What it cannot tell, of providers that live on
// other nodes, Change.Restart does.
func NeedsRestart(key string) bool {
	parts := strings.Split(key, ".")
	if parts[0] == "providers" && len(parts) > 2 {
		key = "providers.NAME." + parts[len(parts)-1]
	}
	for _, f := range fixed {
		table, ok := strings.CutSuffix(f, ".")
		if key == table || !ok && strings.HasPrefix(key, f+".") {
			return true
		}
	}
	return false
}

// Fixed returns the keys and tables for which NeedsRestart is true, with NAME for a name
// of the operator's choice.
func Fixed() []string {
	out := make([]string, len(fixed))
	for i, f := range fixed {
		out[i] = strings.TrimSuffix(f, ".")
	}
	return out
}
