package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What "make release" says when it links; empty in any other build.
var (
	released string // the version
	revision string // the commit
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printVersion(cmd.OutOrStdout())
		},
	}
}

// printVersion prints what was noted when this program was built.
func printVersion(out io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		_, err := fmt.Fprintln(out, "bifrost: built without module information")
		return err
	}
	commit := ""
	if revision != "" {
		commit = " revision " + revision
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = " revision " + s.Value + commit
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += " (modified)"
		}
	}
	_, err := fmt.Fprintf(out, "bifrost %s%s %s\n", programVersion(), commit, info.GoVersion)
	return err
}

// programVersion returns the version of this program in one word, or "(devel)".
func programVersion() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
