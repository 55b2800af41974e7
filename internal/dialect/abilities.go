package dialect

import (
	"slices"
	"strings"

	"bifrost/schemas"
)

// Abilities returns the names of operations, sorted, as an error tells them.
func Abilities(operations []schemas.Operation) string {
	names := make([]string, len(operations))
	for i, op := range operations {
		names[i] = string(op)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
