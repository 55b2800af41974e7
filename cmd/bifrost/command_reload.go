package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"bifrost/admin"
)

func newReloadCommand() *cobra.Command {
	var at endpoint
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have a gateway that runs read its configuration again",
		Long: "Reload asks a gateway that runs to put its configuration file into force, as it is now, and prints what changes.\n" +
			"It is all or nothing: a file with a fault changes nothing, and the command fails with every fault.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, _, err := at.client()
			if err != nil {
				return err
			}
			return requestReload(cmd.Context(), client, dryRun, asJSON, cmd.OutOrStdout())
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "change nothing; say what would")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer of the admin API")
	return cmd
}

func requestReload(ctx context.Context, client *admin.Client, dryRun, asJSON bool, out io.Writer) error {
	answer, err := client.Reload(ctx, dryRun)
	if err != nil {
		return explain(err)
	}
	if asJSON {
		err = printJSON(out, answer)
	} else {
		_, err = io.WriteString(out, describe(answer, dryRun))
	}
	if err != nil || len(answer.Errors) == 0 {
		return err
	}
	return fmt.Errorf("%s\nnothing was changed; configuration %d runs on", strings.Join(answer.Errors, "\n"), answer.Config.Number)
}

// describe says what a reload has changed, or would change.
func describe(r admin.Reload, dryRun bool) string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%s: %s -> %s\n", c.Key, orAbsent(c.Old), orAbsent(c.New))
	}
	switch {
	case len(r.Errors) > 0:
	case dryRun && len(r.Changes) == 0:
		fmt.Fprintf(&b, "nothing would change: configuration %d (%s) is what the file says\n", r.Config.Number, r.Config.Digest)
	case dryRun:
		fmt.Fprintf(&b, "this would change configuration %d (%s)\n", r.Config.Number, r.Config.Digest)
	case len(r.Changes) == 0:
		fmt.Fprintf(&b, "nothing has changed: configuration %d (%s) runs on\n", r.Config.Number, r.Config.Digest)
	default:
		fmt.Fprintf(&b, "configuration %d (%s) runs\n", r.Config.Number, r.Config.Digest)
	}
	return b.String()
}

func orAbsent(value string) string {
	if value == "" {
		return "(absent)"
	}
	return value
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
