// Command bifrost runs the gateway, a simulated provider to try it with, and
// checks configuration files.
//
// It is wiring only: what it starts is in packages bifrost, gateway, config and
// providers/simulated.
package main

import (
	"context"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		os.Exit(1)
	}
}
