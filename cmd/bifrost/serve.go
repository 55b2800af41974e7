package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bifrost"
	"bifrost/config"
	"bifrost/gateway"
	"bifrost/remote"
)

func newServeCommand() *cobra.Command {
	var path, address string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: "Serve runs the gateway that a configuration file describes, for clients of OpenAI, Anthropic and Gemini.\n" +
			"SIGTERM or SIGINT finishes what was accepted, within server.shutdown_timeout; a second one ends at once.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := loadFile(path)
			if err != nil {
				return err
			}
			if address != "" {
				file.Server.Listen = address
			}
			return serve(cmd.Context(), file, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", defaultFile, "the configuration file, TOML or JSON")
	cmd.Flags().StringVarP(&address, "listen", "l", "", "host:port to listen on, instead of the file's")
	return cmd
}

// serve runs the gateway until ctx ends or a signal comes, and drains it.
func serve(ctx context.Context, file *config.File, stdout, stderr io.Writer) error {
	ctx, again := untilSignal(ctx)
	defer again()
	logger, err := newLogger(stderr, file.Server.LogLevel)
	if err != nil {
		return err
	}
	listener, err := listen(file.Server.Listen)
	if err != nil {
		return err
	}
	node, err := startNode(file, logger)
	if err != nil {
		_ = listener.Close()
		return err
	}
	options := []bifrost.Option{bifrost.WithLogger(logger)}
	if node != nil {
		options = append(options, bifrost.WithNode(node))
	}
	client, err := bifrost.Init(file.Bifrost, options...)
	if err != nil {
		_ = listener.Close()
		return errors.Join(fmt.Errorf("%s: %w", file.Path, err), stopNode(node, time.Now()))
	}
	s := newService(client, node, file, logger)
	if s.members, err = startMembers(file, node, logger); err != nil {
		_ = listener.Close()
		return errors.Join(err, s.abandon())
	}
	s.members.await(ctx, file)
	return s.run(ctx, again, listener, stdout)
}

// run serves until ctx ends, and then drains; again is called in between.
func (s *service) run(ctx context.Context, again func(), listener net.Listener, stdout io.Writer) error {
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(listener) }() // ends when the server is shut down
	printBanner(stdout, listener.Addr(), s.file)

	var failure error
	select {
	case <-ctx.Done():
		again() // from now on a signal ends the process
		fmt.Fprintf(stdout, "stopping: finishing accepted requests for up to %v; a second signal ends at once\n", s.file.Server.ShutdownTimeout)
	case err := <-served:
		failure = fmt.Errorf("the gateway has stopped listening: %w", err)
	case failure = <-s.members.failure():
	}
	return errors.Join(failure, s.stop(s.file.Server.ShutdownTimeout))
}

// service is the gateway and what it runs on.
type service struct {
	file    *config.File
	client  *bifrost.Client
	node    *remote.Node // nil: this process is alone
	members *members     // nil: nothing looks for other nodes
	gateway *gateway.Gateway
	server  *http.Server
	logger  zerolog.Logger
}

func newService(client *bifrost.Client, node *remote.Node, file *config.File, logger zerolog.Logger) *service {
	g := gateway.New(client, gateway.Options{MaxBodyBytes: file.Server.MaxBodyBytes, Logger: logger, Metrics: metricsOf(node)})
	return &service{file: file, client: client, node: node, gateway: g, server: newServer(g, logger), logger: logger}
}

// untilSignal returns a context that ends at the first SIGINT or SIGTERM. After
// again, a signal does what it does by default: it ends the process.
func untilSignal(ctx context.Context) (first context.Context, again func()) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}
