//go:build !linux

package docs_test

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(*testing.M) {
	fmt.Fprintln(os.Stderr, "docs_test needs network namespaces: run it on Linux")
	os.Exit(1)
}
