package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bifrost/remote/certs"
)

const day = 24 * time.Hour

func newCertsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "Make the certificates by which nodes know each other",
		Long: "Certs makes a certificate authority for development, and certificates for the nodes of Bifrost, as PEM files.\n" +
			"Whoever has the authority's key can make nodes: keep it off the machines that run them.",
		Args: cobra.NoArgs, // so that a misspelt command is an error
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCertsCACommand(), newCertsNodeCommand())
	return cmd
}

func newCertsCACommand() *cobra.Command {
	var o certs.CAOptions
	dir, days := "", 0
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Make a certificate authority",
		Long: "Ca makes a certificate authority and its private key, " + certs.CACertName + " and " + certs.CAKeyName + ".\n" +
			"Existing files are replaced only with --overwrite; every node then needs a new certificate.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Validity, err = validity(days); err != nil {
				return err
			}
			authority, err := certs.WriteCA(dir, o)
			if err != nil {
				return err
			}
			return printAuthority(cmd.OutOrStdout(), dir, authority)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "certs", "folder of the files, made if it is missing")
	f.StringVar(&o.Name, "name", "", "name of the authority (default \"bifrost development CA\" and random letters)")
	f.IntVar(&days, "days", int(certs.DefaultCAValidity/day), "days until the authority ends")
	f.BoolVar(&o.Overwrite, "overwrite", false, "replace existing files")
	return cmd
}

func newCertsNodeCommand() *cobra.Command {
	var o certs.NodeOptions
	dir, days := "", 0
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Make a certificate for a node",
		Long: "Node makes a certificate and its private key for one node, NAME.pem and NAME-key.pem, signed by the authority\n" +
			"of the same folder. It names the hosts by which the other nodes reach this one. A node whose files are replaced\n" +
			"uses the new ones without a restart.",
		Example: "  bifrost certs node --host node-a,10.0.0.2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Validity, err = validity(days); err != nil {
				return err
			}
			node, err := certs.WriteNode(dir, o)
			if err != nil {
				return err
			}
			return printNode(cmd.OutOrStdout(), node)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "certs", "folder of the authority and of the files")
	f.StringSliceVar(&o.Hosts, "host", nil, "DNS names and IP addresses by which the other nodes reach this one, without ports")
	f.StringVar(&o.Name, "name", "", "name of the node and of its files (default the first host)")
	f.IntVar(&days, "days", int(certs.DefaultNodeValidity/day), "days until the certificate ends")
	f.BoolVar(&o.Overwrite, "overwrite", false, "replace existing files")
	return cmd
}

// validity turns days into a duration, which could not hold many more.
func validity(days int) (time.Duration, error) {
	if most := int(certs.MaxValidity / day); days < 1 || days > most {
		return 0, fmt.Errorf("--days %d is not possible; choose from 1 to %d", days, most)
	}
	return time.Duration(days) * day, nil
}

func printAuthority(out io.Writer, dir string, a certs.Authority) error {
	_, err := fmt.Fprintf(out, "wrote %s: the authority, until %s; every node needs it\n"+
		"wrote %s: its private key, which makes nodes; keep it secret, and off the nodes\n\n"+
		"now make a certificate for each node, with the hosts by which the others reach it:\n"+
		"  bifrost certs node --dir %s --host node-a,10.0.0.2\n",
		a.CertFile, a.NotAfter.UTC().Format(time.DateOnly), a.KeyFile, quote(dir))
	return err
}

func printNode(out io.Writer, n certs.Node) error {
	_, err := fmt.Fprintf(out, "wrote %s: the certificate of %s, until %s\n"+
		"wrote %s: its private key; keep it secret\n\n"+
		"bring these two and %s to the node, and put their paths there into its bifrost.toml:\n"+
		"[node.tls]\ncert_file = %s\nkey_file  = %s\nca_file   = %s\n",
		n.Files.CertFile, strings.Join(n.Hosts, ", "), n.NotAfter.UTC().Format(time.DateOnly), n.Files.KeyFile, n.Files.CAFile,
		tomlString(n.Files.CertFile), tomlString(n.Files.KeyFile), tomlString(n.Files.CAFile))
	return err
}

// tomlString writes text as a TOML string. JSON's escapes are TOML's, too.
func tomlString(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil { // a string
		panic("bug: " + err.Error())
	}
	return string(quoted)
}
