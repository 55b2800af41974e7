package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"bifrost/admin"
	"bifrost/config"
)

// Variables of the environment for commands that ask a gateway which runs.
const (
	adminVariable = "BIFROST_ADMIN"
	tokenVariable = "BIFROST_ADMIN_TOKEN"
)

// endpoint is how a command finds the admin listener of a gateway that runs: by --admin,
// or the environment, or the configuration file, or where it is by default.
type endpoint struct {
	admin string // --admin
	path  string // --config
}

func (e *endpoint) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.admin, "admin", "", "URL of the admin listener (default $"+adminVariable+", or admin.listen of the file, or http://"+config.DefaultAdminListen+")")
	cmd.Flags().StringVarP(&e.path, "config", "c", "", "the configuration file that says where the admin listener is, and its token (default "+defaultFile+")")
}

// client returns a client of the admin listener, and its URL. A file that cannot be read
// is no obstacle unless it was named: it may be the reason to ask.
func (e *endpoint) client() (c *admin.Client, url string, err error) {
	file := cmp.Or(e.path, defaultFile)
	said, unreadable := config.LoadAdmin(file)
	if unreadable != nil && e.path != "" {
		return nil, "", unreadable
	}
	if unreadable != nil {
		said = config.Admin{Listen: config.DefaultAdminListen}
	}
	url = cmp.Or(e.admin, os.Getenv(adminVariable))
	if url == "" {
		if url, err = urlOf(said); err != nil {
			return nil, "", fmt.Errorf("%s: admin.listen %w", file, err)
		}
	}
	return admin.NewClient(url, cmp.Or(os.Getenv(tokenVariable), said.Token), nil), url, nil
}

// urlOf is where a file has the admin listener. The error continues a sentence that begins
// with admin.listen.
func urlOf(a config.Admin) (string, error) {
	if a.Listen == config.Off {
		return "", fmt.Errorf("is %q, so nobody can ask this gateway; switch it on, or name another gateway with --admin", config.Off)
	}
	host, port, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", errors.New("has port 0, which is any free port; the gateway has printed which one: name it with --admin")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http://"
	if a.TLS != nil {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port), nil
}

// explain adds to an error what a command can know of it.
func explain(err error) error {
	var refused *admin.APIError
	if errors.As(err, &refused) && refused.Status == 401 {
		return fmt.Errorf("%w; set %s to it", err, tokenVariable)
	}
	return err
}
