package main

import (
	"context"
	"encoding/json"
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
	path, whole, asJSON := "", false, false
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration file",
		Long: "Check reads a configuration file as serve does, prints \"ok\" and what would run, in short. With --print it prints\n" +
			"the whole configuration with every default and without secrets. Every fault is a line on the error output that\n" +
			"names the file, the line and the key. It opens no connection.",
		Example:           "  bifrost check\n  bifrost check --print production.toml\n  bifrost check --json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: configArgument,
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
			file, err := checkFile(path)
			switch out := cmd.OutOrStdout(); {
			case asJSON:
				return printVerdict(out, path, file, err)
			case err != nil:
				return err
			case whole:
				return file.Print(out)
			default:
				return printSummary(out, file)
			}
		},
	}
	f := cmd.Flags()
	f.StringVarP(&path, "config", "c", "", "the configuration file, TOML or JSON (default "+defaultFile+")")
	f.BoolVarP(&whole, "print", "p", false, "print the whole configuration that would run, without secrets")
	f.BoolVar(&asJSON, "json", false, "print the faults as JSON")
	cmd.MarkFlagsMutuallyExclusive("print", "json")
	return cmd
}

// checkFile reads a file and finds out whether it would run, without reaching anybody.
func checkFile(path string) (*config.File, error) {
	file, err := loadFile(path)
	if err != nil {
		return nil, err
	}
	if err := checkCertificate(file.Node); err != nil {
		return nil, fmt.Errorf("%s: node.tls: %w", path, err)
	}
	// What only an adapter knows, such as whether it needs a key, is found by
	// starting it.
	options, end := unreached(file)
	defer end()
	client, err := bifrost.Init(file.Bifrost, options...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client.Shutdown(ended); err != nil {
		return nil, err
	}
	return file, nil
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

// verdict is what check says as JSON.
type verdict struct {
	OK     bool        `json:"ok"`
	File   string      `json:"file"`
	Digest string      `json:"digest,omitempty"` // of what would run
	Faults []faultView `json:"faults"`
}

type faultView struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // 0: of the file as a whole
	Key     string `json:"key"`
	Message string `json:"message"`
}

// printVerdict prints what was found as JSON. If something is wrong the error says that it
// was printed.
func printVerdict(out io.Writer, path string, file *config.File, err error) error {
	v := verdict{OK: err == nil, File: path, Faults: []faultView{}}
	var faults config.Errors
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			v.Faults = append(v.Faults, faultView{f.File, f.Line, f.Key, f.Message})
		}
	case err != nil:
		v.Faults = append(v.Faults, faultView{File: path, Message: err.Error()})
	default:
		v.Digest = file.Digest()
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if failed := e.Encode(v); failed != nil {
		return failed
	}
	if err != nil {
		return errReported
	}
	return nil
}
