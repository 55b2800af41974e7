package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bifrost/cmd/bifrost/internal/demo"
	"bifrost/config"
	"bifrost/schemas"
)

// demoFlags are the command's.
type demoFlags struct {
	rate          float64
	listen, admin string
	lasting       time.Duration // 0: until a signal
	print         bool
}

func newDemoCommand() *cobra.Command {
	var o demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show queues that fill and drain, without a key",
		Long: "Demo runs the gateway with three simulated providers, one healthy, one that limits, one with an outage now and then,\n" +
			"and a load that asks them; and it says where the dashboard is. It needs no key, no file and no network.\n" +
			"Ctrl-C ends it and prints what became of the requests.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.print {
				_, err := io.WriteString(cmd.OutOrStdout(), demo.File())
				return err
			}
			if math.IsNaN(o.rate) || o.rate < 0 || o.rate > demo.DefaultMaxRate {
				return fmt.Errorf("--rate is %v; it is a number of requests per second, from 0 to %d", o.rate, demo.DefaultMaxRate)
			}
			if o.lasting < 0 {
				return fmt.Errorf("--for is %v; it is a time such as 30s, and 0 is until Ctrl-C", o.lasting)
			}
			return runDemo(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.Float64Var(&o.rate, "rate", demo.DefaultRate, "requests per second, which can be changed on the dashboard")
	f.StringVarP(&o.listen, "listen", "l", "", "host:port of the gateway; default 127.0.0.1:8080, or a free port")
	f.StringVar(&o.admin, "admin-listen", "", "host:port of the dashboard; default 127.0.0.1:8081, or a free port")
	f.DurationVar(&o.lasting, "for", 0, "how long it runs; 0: until Ctrl-C")
	f.BoolVar(&o.print, "print", false, "print its configuration file, and run nothing")
	return cmd
}

// runDemo runs the demonstration until ctx ends, a signal comes, or its time is over.
func runDemo(ctx context.Context, o demoFlags, stdout, stderr io.Writer) error {
	ctx, again := untilSignal(ctx, closing()...)
	defer again()
	ctx, end := context.WithCancel(ctx)
	defer end()
	if o.lasting > 0 {
		ctx, end = context.WithTimeout(ctx, o.lasting)
		defer end()
	}
	orFree := o.listen == ""
	if orFree {
		o.listen = config.DefaultListen
	}
	load, waits := demo.New(demo.Options{Rate: o.rate, Targets: demo.Targets()}), new(demo.Waits)
	s, err := start(ctx, setup{load: o.file, orFree: orFree, demo: load, hooks: []schemas.Hook{waits.Hook()}}, stderr)
	if err != nil {
		return err
	}
	printDemo(stdout, s.url(), s.adminURL(), o.rate)
	var running sync.WaitGroup
	running.Go(func() { load.Run(ctx, s.url()) })          // ends with ctx
	running.Go(func() { showLiveLine(ctx, stdout, load) }) // ends with ctx
	failure := s.wait(ctx)
	again() // from now on a signal ends the process
	end()
	running.Wait()
	printOutcome(stdout, load.Counts(), waits)
	return s.stop(failure)
}

// file is the demonstration's configuration with what the command line has changed.
func (o demoFlags) file() (*config.File, error) {
	file, err := config.Parse(demo.FileName, []byte(demo.File()), config.TOML, config.WithTypes(knownTypes()))
	if err != nil {
		return nil, errors.Join(errors.New("bug: the demonstration's own configuration is wrong"), err)
	}
	file.Server.Listen = o.listen
	if o.admin != "" {
		file.Admin.Listen, file.Admin.Given = o.admin, true
	}
	if err := file.CheckListen(file.Server.Listen); err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	return file, nil
}
