//go:build !linux

package nodes_test

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(*testing.M) {
	fmt.Fprintln(os.Stderr, "nodes_test needs network namespaces: run it on Linux")
	os.Exit(1)
}
