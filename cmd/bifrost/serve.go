package main

import (
	"context"
	"fmt"
	"io"
	"os"
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
	hangups, deaf := hangups()
	defer deaf()
	o.hangups = hangups
	signal.Ignore(syscall.SIGPIPE) // who reads the log may go; requests are served on
	ctx, again := untilSignal(ctx)
	defer again()
	s, err := start(ctx, o, stderr)
	if err != nil {
		return err
	}
	printBanner(stdout, s.url(), s.adminURL(), s.machine.Running())
	failure := s.wait(ctx)
	again() // also after a failure a signal ends the process
	if failure == nil {
		fmt.Fprintf(stdout, "stopping: finishing accepted requests for up to %v; a second signal ends at once\n", s.patience())
	}
	return s.stop(failure)
}

// untilSignal returns a context that ends at the first SIGINT, SIGTERM or one of more.
// After it, and after again, a signal does what it does by default: it ends the process,
// also one that still starts.
func untilSignal(ctx context.Context, more ...os.Signal) (first context.Context, again func()) {
	first, again = signal.NotifyContext(ctx, append(more, syscall.SIGINT, syscall.SIGTERM)...)
	context.AfterFunc(first, again)
	return first, again
}

// hangups tells of SIGHUP, from now until deaf is called: it is no reason to end, neither
// while the program starts nor while it finishes what it has accepted. What comes before
// somebody listens is one hangup.
func hangups() (told <-chan os.Signal, deaf func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// closing are the signals that end what a terminal shows, when it is closed; none if
// whoever has started the program does not want that, as nohup does.
func closing() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return nil
	}
	return []os.Signal{syscall.SIGHUP}
}
