package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bifrost/cmd/bifrost/internal/starter"
)

func newInitCommand() *cobra.Command {
	path, force, toOutput := "", false, false
	cmd := &cobra.Command{
		Use:   "init [PROVIDER ...]",
		Short: "Write a first configuration file",
		Long: "Init writes a commented configuration file for the providers that are named. If none is named, it takes those whose\n" +
			"keys are in the environment, such as OPENAI_API_KEY; if there are none, the simulated one, which needs no key.\n" +
			"The file names the variables and never has their values.",
		Example:   "  bifrost init\n  bifrost init openai ollama\n  bifrost init --stdout",
		ValidArgs: starter.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ext := strings.ToLower(filepath.Ext(path)); ext == ".json" || ext == ".jsonc" {
				return fmt.Errorf("init writes TOML, and %s is named as JSON; name it %s.toml", path, strings.TrimSuffix(path, filepath.Ext(path)))
			}
			text, chosen, err := starter.File(os.LookupEnv, args)
			if err != nil {
				return err
			}
			if toOutput {
				_, err := io.WriteString(cmd.OutOrStdout(), text)
				return err
			}
			if err := writeNew(path, text, force); err != nil {
				return err
			}
			return printChosen(cmd.OutOrStdout(), path, chosen)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&path, "config", "c", defaultFile, "the file to write")
	f.BoolVarP(&force, "force", "f", false, "replace the file if it is there")
	f.BoolVar(&toOutput, "stdout", false, "write to the standard output and to no file")
	return cmd
}

// writeNew writes a file that is not there; with force, one that may be.
func writeNew(path, text string, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; name another file with --config, or replace it with --force", path)
	}
	if err != nil {
		return fmt.Errorf("cannot write the configuration: %w; name another file with --config", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func printChosen(out io.Writer, path string, chosen []starter.Provider) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is written, with these providers:\n", path)
	for _, p := range chosen {
		switch {
		case len(p.Missing) > 0:
			fmt.Fprintf(&b, "  %s: export %s first\n", p.Name, strings.Join(p.Missing, " and "))
		case p.Variable != "":
			fmt.Fprintf(&b, "  %s: its key is %s\n", p.Name, p.Variable)
		default:
			fmt.Fprintf(&b, "  %s: it needs no key\n", p.Name)
		}
	}
	fmt.Fprintf(&b, "\nnext:\n  bifrost check%s\n  bifrost serve%s\n", configFlag(path), configFlag(path))
	_, err := io.WriteString(out, b.String())
	return err
}
