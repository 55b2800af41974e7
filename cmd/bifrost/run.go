package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// errReported is the error of a command that has said on its output what is wrong.
var errReported = errors.New("see the output")

// run runs a command line to its end. The end of ctx means what SIGTERM does. An
// error has been printed to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := &cobra.Command{
		Use:   "bifrost",
		Short: "An actor-model runtime and gateway for LLM providers",
		// Errors are printed here, and are not about usage unless they say so.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.DisableAutoGenTag = true // the date in manual pages
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	root.AddCommand(newServeCommand(), newDemoCommand(), newStatusCommand(), newTopCommand(), newReloadCommand())
	root.AddCommand(newInitCommand(), newCheckCommand(), newKeysCommand(), newCertsCommand(), newSimulateCommand())
	root.AddCommand(newSchemaCommand(), newManCommand(), newHealthCommand(), newVersionCommand())
	completeFiles(root)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintln(stderr, err)
	}
	return err
}
