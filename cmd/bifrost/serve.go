package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"bifrost/config"
)

func newServeCommand() *cobra.Command {
	var path, address string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: "Serve runs the gateway that a configuration file describes, for clients of OpenAI, Anthropic and Gemini.\n" +
			"SIGHUP, a change of the file and \"bifrost reload\" put the file into force anew. SIGTERM or SIGINT finishes what\n" +
			"was accepted, within server.shutdown_timeout; a second one ends at once.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load := func() (*config.File, error) { return loadToServe(path, address) }
			return serve(cmd.Context(), setup{load: load, watch: path}, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", defaultFile, "the configuration file, TOML or JSON")
	cmd.Flags().StringVarP(&address, "listen", "l", "", "host:port to listen on, instead of the file's")
	return cmd
}

// loadToServe reads a file; address, if there is one, is in place of the file's.
func loadToServe(path, address string) (*config.File, error) {
	file, err := loadFile(path)
	if err != nil {
		return nil, err
	}
	if address != "" {
		file.Server.Listen = address
	}
	if err := file.CheckListen(file.Server.Listen); err != nil {
		return nil, fmt.Errorf("%s: server.listen: %w", path, err)
	}
	return file, nil
}

// serve runs the gateway until ctx ends or a signal comes, and drains it.
func serve(ctx context.Context, o setup, stdout, stderr io.Writer) error {
	ctx, again := untilSignal(ctx)
	defer again()
	s, err := start(ctx, o, stderr)
	if err != nil {
		return err
	}
	printBanner(stdout, s.url(), s.adminURL(), s.machine.Running())
	failure := s.wait(ctx)
	again() // from now on a signal ends the process
	if failure == nil {
		fmt.Fprintf(stdout, "stopping: finishing accepted requests for up to %v; a second signal ends at once\n", s.patience())
	}
	return s.stop(failure)
}

// untilSignal returns a context that ends at the first SIGINT or SIGTERM. After
// again, a signal does what it does by default: it ends the process.
func untilSignal(ctx context.Context) (first context.Context, again func()) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}
