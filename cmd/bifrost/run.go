package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

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
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	root.AddCommand(newServeCommand(), newSimulateCommand(), newCheckCommand(), newCertsCommand(), newVersionCommand())
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return err
}
