package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"bifrost/config"
)

const (
	healthPath    = "/healthz"
	healthTimeout = 3 * time.Second
)

func newHealthCommand() *cobra.Command {
	timeout, insecure := healthTimeout, false
	cmd := &cobra.Command{
		Use:   "health [URL]",
		Short: "Ask a gateway whether it is alive, for health checks without a shell",
		Long: "Health asks " + healthPath + " of a gateway and leaves with 0 if the answer is 200, else with 1.\n" +
			"URL is the gateway's, by default http://" + config.DefaultListen + "; one with a path is asked as it is, so that\n" +
			"http://" + config.DefaultListen + "/readyz asks whether it admits requests.",
		Example: "  bifrost health\n  bifrost health --insecure https://127.0.0.1:8443",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			address := "http://" + config.DefaultListen
			if len(args) == 1 {
				address = args[0]
			}
			return health(cmd.Context(), cmd.OutOrStdout(), address, timeout, insecure)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long the answer may take")
	cmd.Flags().BoolVar(&insecure, "insecure", false,
		"do not verify the certificate, which is right where the gateway is asked at another name than its certificate's")
	return cmd
}

// health asks address once; anything but the status 200 within timeout is an error.
func health(ctx context.Context, out io.Writer, address string, timeout time.Duration, insecure bool) error {
	target, err := healthURL(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		Proxy:           nil, // a proxy of the environment has no say in whether this process lives
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure},
	}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(request) // a redirect would be an answer of something else
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s has not answered within %v; see its log, or give it longer with --timeout", target.Redacted(), timeout)
	case err != nil:
		return fmt.Errorf("%s does not answer: %w; is a gateway listening there?", target.Redacted(), err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s has answered with status %d, not 200; see the gateway's log", target.Redacted(), answer.StatusCode)
	}
	_, err = fmt.Fprintln(out, "ok")
	return err
}

// healthURL reads the address of a gateway and adds the path to one that has none.
func healthURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the address must be a URL such as http://" + config.DefaultListen)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = healthPath
	}
	return u, nil
}
