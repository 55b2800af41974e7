package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bifrost/admin"
)

func newStatusCommand() *cobra.Command {
	var at endpoint
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how a gateway that runs is",
		Long: "Status asks a gateway that runs for its state: which configuration is in force, why another one is not, and what each\n" +
			"provider does. It fails if no gateway answers, and if the one that does is not ready for requests.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, url, err := at.client()
			if err != nil {
				return err
			}
			return requestStatus(cmd.Context(), client, url, asJSON, cmd.OutOrStdout())
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer of the admin API")
	return cmd
}

func requestStatus(ctx context.Context, client *admin.Client, url string, asJSON bool, out io.Writer) error {
	state, err := client.State(ctx)
	if err != nil {
		return explain(err)
	}
	if asJSON {
		err = printJSON(out, state)
	} else {
		err = printStatus(out, url, state)
	}
	switch {
	case err != nil:
		return err
	case state.Draining:
		return errors.New("the gateway is draining: it is about to end")
	case !state.Ready:
		return errors.New("the gateway is not ready: no provider admits requests")
	}
	return nil
}

func printStatus(out io.Writer, url string, s admin.State) error {
	c := s.Config
	var b strings.Builder
	fmt.Fprintf(&b, "bifrost %s at %s, up %v\n", s.Version, url, s.At.Sub(s.Started).Truncate(time.Second))
	fmt.Fprintf(&b, "configuration %d (%s) of %s, since %s\n", c.Number, c.Digest, c.Path, c.LoadedAt.Local().Format(time.DateTime))
	if c.Override {
		b.WriteString("settings were changed at run time; the next reload takes them back\n")
	}
	if c.Failed != "" {
		fmt.Fprintf(&b, "the last reload was refused:\n  %s\n", strings.ReplaceAll(c.Failed, "\n", "\n  "))
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PROVIDER\tSTATE\tWHEN FULL\tBUSY\tQUEUED\tWAITING\tANSWERED\tFAILED\tREFUSED")
	for _, p := range s.Providers {
		full := "waits"
		if p.Drop {
			full = "drops"
		}
		var refused uint64
		for _, n := range p.Refused {
			refused += n
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d/%d\t%d/%d\t%d\t%d\t%d\t%d\n", p.Name, p.State, full,
			p.InHand, p.Concurrency, p.Queued, p.BufferSize, p.Waiting, p.Completed, p.Failed, refused)
	}
	_ = t.Flush() // to memory
	for _, p := range s.Providers {
		if resting := p.Resting(s.At); resting != "" {
			fmt.Fprintf(&b, "%s: %s\n", p.Name, resting)
		}
	}
	for _, n := range s.Nodes {
		fmt.Fprintf(&b, "node %s: %s\n", n.Address, n.State)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
