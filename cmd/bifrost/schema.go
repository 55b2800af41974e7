package main

import (
	"github.com/spf13/cobra"

	"bifrost/config"
)

func newSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema of the configuration, for editors",
		Long: "Schema prints a JSON Schema of the configuration, with which editors complete and check it. With Taplo, and so in\n" +
			"VS Code's Even Better TOML, this is the first line of the configuration file:\n\n  #:schema ./bifrost.schema.json",
		Example: "  bifrost schema > bifrost.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema(knownTypes()))
			return err
		},
	}
}
