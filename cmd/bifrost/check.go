package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bifrost"
	"bifrost/config"
)

func newCheckCommand() *cobra.Command {
	path := ""
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration file and print what would run",
		Long: "Check reads a configuration file as serve does, prints it with every default and without secrets,\n" +
			"and then \"ok\". Every fault is a line on the error output that names the file, the line and the key.\n" +
			"It opens no connection.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if path != "" && path != args[0] {
					return errors.New("check reads one file; name it by argument or by --config, not both")
				}
				path = args[0]
			}
			if path == "" {
				path = defaultFile
			}
			return check(path, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "", "the configuration file, TOML or JSON (default "+defaultFile+")")
	return cmd
}

func check(path string, out io.Writer) error {
	file, err := loadFile(path)
	if err != nil {
		return err
	}
	if err := checkCertificate(file.Node); err != nil {
		return fmt.Errorf("%s: node.tls: %w", path, err)
	}
	// What only an adapter knows, such as whether it needs a key, is found by
	// starting it.
	options, end := unreached(file)
	defer end()
	client, err := bifrost.Init(file.Bifrost, options...)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client.Shutdown(ended); err != nil {
		return err
	}
	if err := file.Print(out); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "\nok")
	return err
}

// checkCertificate looks into a node's certificate files, as its start does.
func checkCertificate(node *config.Node) error {
	if node == nil {
		return nil
	}
	identity, err := loadIdentity(node.TLS, zerolog.Nop())
	if err != nil || identity == nil {
		return err
	}
	host, _, err := net.SplitHostPort(node.Advertise)
	if err != nil {
		return err
	}
	return identity.CheckHost(host)
}
