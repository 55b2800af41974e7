package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages",
		Long:  "Man writes a manual page for each command into FOLDER: bifrost.1, bifrost-serve.1 and so on.",
		Example: "  bifrost man /usr/local/share/man/man1\n" +
			"  bifrost man . && man ./bifrost.1",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("cannot make the folder of the manual pages: %w", err)
			}
			return doc.GenManTree(cmd.Root(), &doc.GenManHeader{Section: "1", Source: "bifrost", Manual: "Bifrost", Date: buildTime()}, args[0])
		},
	}
}

// buildTime is when the program's source was committed, so that its pages are the same
// wherever they are written. Nil, if that is not known, is SOURCE_DATE_EPOCH or now.
func buildTime() *time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return &at
			}
		}
	}
	return nil
}
