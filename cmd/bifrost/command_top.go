package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bifrost/admin"
	"bifrost/cmd/bifrost/internal/top"
)

// leastInterval is how often a gateway is asked at most.
const leastInterval = 100 * time.Millisecond

func newTopCommand() *cobra.Command {
	var at endpoint
	var once bool
	var interval time.Duration
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show the queues of a gateway that runs, live",
		Long: "Top shows the mailbox, the workers and the rates of every provider in the terminal, live. q ends it.\n" +
			"With --once it prints them and ends, also where there is no terminal.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, _, err := at.client()
			if err != nil {
				return err
			}
			if once {
				return topOnce(cmd.Context(), client, cmd.OutOrStdout())
			}
			if interval < leastInterval {
				return fmt.Errorf("--interval must be at least %v", leastInterval)
			}
			return topLive(cmd.Context(), client, interval, cmd.OutOrStdout())
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&once, "once", false, "print it once")
	cmd.Flags().DurationVar(&interval, "interval", time.Second, "how often it is asked for")
	return cmd
}

func topOnce(ctx context.Context, client *admin.Client, out io.Writer) error {
	state, err := client.State(ctx)
	if err != nil {
		return explain(err)
	}
	_, err = io.WriteString(out, strings.Join(top.Render(state, top.Width, 0), "\n")+"\n")
	return err
}

// topLive needs a terminal to write to and to be ended from.
func topLive(ctx context.Context, client *admin.Client, interval time.Duration, out io.Writer) error {
	screen, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(screen.Fd())) || !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("this is no terminal; use --once")
	}
	if _, err := client.State(ctx); err != nil { // rather than on another screen
		return explain(err)
	}
	before, err := term.MakeRaw(int(os.Stdin.Fd()))
	if err != nil {
		return fmt.Errorf("the terminal cannot be read by keys: %w; use --once", err)
	}
	defer func() { _ = term.Restore(int(os.Stdin.Fd()), before) }()
	ctx, again := untilSignal(ctx)
	defer again()
	return top.Run(ctx, top.Options{
		State:    client.State,
		Interval: interval,
		Size: func() (int, int) {
			columns, lines, err := term.GetSize(int(screen.Fd()))
			if err != nil {
				return top.Width, 24
			}
			return columns, lines
		},
		Keys: keysOf(os.Stdin),
		Out:  screen,
	})
}

// keysOf tells what is typed.
func keysOf(in io.Reader) <-chan byte {
	keys := make(chan byte)
	go func() { // ends with the process: nothing ends a terminal's Read
		var key [1]byte
		for {
			if _, err := in.Read(key[:]); err != nil {
				return
			}
			keys <- key[0]
		}
	}()
	return keys
}
