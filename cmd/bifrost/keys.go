package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bifrost/config"
	"bifrost/gateway"
)

const (
	clientKeyPrefix = "bf-"
	clientKeyBytes  = 32

	// leastKeyLength is of a key that somebody else has made. A shorter one could be
	// found from its hash.
	leastKeyLength = 20
	mostKeyLength  = 4096
)

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make keys by which clients use the gateway",
		Long: "Keys makes the keys that clients of the gateway show. The configuration has their hashes only, so that\n" +
			"who reads it cannot use the gateway.",
		Args: cobra.NoArgs, // so that a misspelt command is an error
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeysNewCommand(), newKeysHashCommand())
	return cmd
}

func newKeysNewCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a key for a client",
		Long: "New makes a key of 256 random bits for the client NAME, shows it this once, and prints the lines of the\n" +
			"configuration with its hash. Nothing is written to a file.",
		Example: "  bifrost keys new team-a",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := config.CheckClientName(args[0]); err != nil {
				return fmt.Errorf("client %q %w", args[0], err)
			}
			return printKey(cmd.OutOrStdout(), args[0], newClientKey(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print name, key and hash as JSON")
	return cmd
}

func newClientKey() string {
	random := make([]byte, clientKeyBytes)
	_, _ = rand.Read(random) // it never fails
	return clientKeyPrefix + base64.RawURLEncoding.EncodeToString(random)
}

func printKey(out io.Writer, name, key string, asJSON bool) error {
	hash := gateway.HashKey(key)
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			Name string `json:"name"`
			Key  string `json:"key"`
			Hash string `json:"hash"`
		}{name, key, hash})
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !isBare(r) }) {
		name = strconv.Quote(name)
	}
	_, err := fmt.Fprintf(out, "the key, which is shown only now; give it to the client:\n\n  %s\n\n"+
		"for the configuration:\n\n  [clients.%s]\n  keys = [%q]\n", key, name, hash)
	return err
}

// isBare reports whether a name with r needs no quotes in TOML.
func isBare(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}

func newKeysHashCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "hash",
		Short: "Print the hash of a key that there is",
		Long: "Hash reads a key from the standard input, so that it is in no list of processes and no history, and prints what\n" +
			"the configuration has for it. A key that is short is refused: it could be found from its hash.",
		Example: "  bifrost keys hash < key.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := readKey(cmd.InOrStdin())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), gateway.HashKey(key))
			return err
		},
	}
}

// readKey reads one line.
func readKey(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, mostKeyLength+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	key := strings.TrimRight(line, "\r\n")
	switch {
	case key == "":
		return "", errors.New("there is no key on the standard input; write it there, as in: bifrost keys hash < key.txt")
	case len(key) > mostKeyLength:
		return "", fmt.Errorf("the key is longer than %d characters; is it a key?", mostKeyLength)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("the key has white space, or a character that is not ASCII; no client could send it")
	case len(key) < leastKeyLength:
		return "", fmt.Errorf("the key is shorter than %d characters, and could be found from its hash; make one with: bifrost keys new NAME", leastKeyLength)
	}
	return key, nil
}
