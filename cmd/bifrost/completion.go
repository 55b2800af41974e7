package main

import (
	"slices"

	"github.com/spf13/cobra"

	"bifrost/config"
)

// completeFiles has shells complete configuration files wherever one is named: after
// --config of any command below cmd.
func completeFiles(cmd *cobra.Command) {
	if cmd.Flags().Lookup("config") != nil {
		_ = cmd.MarkFlagFilename("config", "toml", "json", "jsonc") // the flag is there
	}
	for _, c := range cmd.Commands() {
		completeFiles(c)
	}
}

// configArgument completes a configuration file as the only argument.
func configArgument(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []cobra.Completion{"toml", "json", "jsonc"}, cobra.ShellCompDirectiveFilterFileExt
}

// providerArgument completes the name of a provider of the configuration that --config
// names, as the only argument.
func providerArgument(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	path := defaultFile
	if f := cmd.Flags().Lookup("config"); f != nil && f.Value.String() != "" {
		path = f.Value.String()
	}
	// References are to variables that the shell may not have.
	anything := func(string) (string, bool) { return "x", true }
	file, err := config.Load(path, config.WithLookupEnv(anything))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, p := range file.Providers {
		names = append(names, p.Name)
	}
	for name := range file.Remote {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}
