package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// simulateGrace is how long answers may take after a signal.
const simulateGrace = 5 * time.Second

func newSimulateCommand() *cobra.Command {
	var cfg schemas.SimulationConfig
	address := ""
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a simulated provider, which answers without a model",
		Long: "Simulate answers each call in its own dialect, with a latency, errors and limits of your choice, to try the gateway\n" +
			"and clients without a key. The same seed and the same order of requests give the same behaviour.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cfg.Validate(); err != nil {
				return err
			}
			return simulate(cmd.Context(), address, cfg, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&address, "listen", "l", "127.0.0.1:8090", "host:port to listen on")
	f.DurationVar(&cfg.Latency, "latency", 0, "median time to the first byte")
	f.DurationVar(&cfg.LatencyP99, "latency-p99", 0, "99th percentile of the latency; 0: always the median")
	f.Float64Var(&cfg.TokensPerSecond, "tokens-per-second", 0, "speed of a stream; 0: as fast as it is read")
	f.IntVar(&cfg.OutputTokens, "output-tokens", 0, "length of an answer; 0: 16")
	f.Float64Var(&cfg.ErrorRate, "error-rate", 0, "share of calls answered with status 500, from 0 to 1")
	f.Float64Var(&cfg.RateLimitRate, "rate-limit-rate", 0, "share of calls answered with status 429, from 0 to 1")
	f.IntVar(&cfg.Concurrency, "concurrency", 0, "calls at once beyond which it answers with 429; 0: no limit")
	f.Float64Var(&cfg.RequestsPerSecond, "requests-per-second", 0, "calls per second beyond which it answers with 429; 0: no limit")
	f.DurationVar(&cfg.OutageAfter, "outage-after", 0, "when an outage begins")
	f.DurationVar(&cfg.OutageFor, "outage-for", 0, "how long it lasts; 0: there is none")
	f.DurationVar(&cfg.OutageEvery, "outage-every", 0, "how often it comes again; 0: it comes once")
	f.StringVar((*string)(&cfg.Outage), "outage", string(schemas.OutageError), "calls during an outage: error (503), hang or reset")
	f.Uint64Var(&cfg.Seed, "seed", 0, "seed of all choices")
	return cmd
}

// simulate serves a simulated provider until ctx ends or a signal comes.
func simulate(ctx context.Context, address string, cfg schemas.SimulationConfig, stdout, stderr io.Writer) error {
	ctx, again := untilSignal(ctx)
	defer again()
	logger, _, err := newLogger(stderr, "info")
	if err != nil {
		return err
	}
	listener, err := listen(address)
	if err != nil {
		return err
	}
	server := newServer(simulated.New(cfg), logger)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends when the server is shut down
	printSimulation(stdout, reachable(listener.Addr(), nil))
	select {
	case err := <-served:
		return fmt.Errorf("the simulated provider has stopped listening: %w", err)
	case <-ctx.Done():
	}
	again() // from now on a signal ends the process
	return stopServer(server, simulateGrace)
}

// stopServer lets answers finish for a while, and then closes the connections,
// which is no fault of a simulation.
func stopServer(server *http.Server, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

func printSimulation(out io.Writer, base string) {
	_, _ = fmt.Fprintf(out, "the simulated provider is listening on %s\n\ntry it:\n  %s\n\nor as a provider of the gateway:\n"+
		"  [providers.practice]\n  type = \"openai\"\n  network_config = { base_url = %q }\n\n",
		base, curlLine(base, "sim-small"), base)
}
