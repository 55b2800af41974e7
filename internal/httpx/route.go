package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"bifrost/schemas"
)

// proxyOf returns which proxy a request goes through.
func proxyOf(p schemas.ProxyURL) (func(*http.Request) (*url.URL, error), error) {
	if err := p.Validate(); err != nil {
		return nil, invalid("network_config.proxy " + err.Error())
	}
	switch p {
	case "":
		return http.ProxyFromEnvironment, nil
	case schemas.NoProxy:
		return nil, nil
	}
	u, err := url.Parse(string(p))
	if err != nil {
		return nil, invalid("network_config.proxy is not a URL; correct it") // Validate has parsed it
	}
	return http.ProxyURL(u), nil
}

// trustOf returns whose certificates are accepted; nil for the system's.
func trustOf(caFile string) (*tls.Config, error) {
	if caFile == "" {
		return nil, nil
	}
	pool, err := schemas.CertPool(caFile)
	if err != nil {
		return nil, invalid("network_config.ca_file " + err.Error())
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// SignIn returns what sets up the Transport with which a cloud's library fetches
// credentials. What is secure goes out as a provider's calls do: through Proxy, trusting
// CAFile. Plain HTTP is for the machine itself or its host, which know of its roles and
// managed identities, and goes there directly. It reads CAFile. Errors name the setting
// to correct.
func SignIn(cfg Config) (func(*http.Transport), error) {
	proxy, err := proxyOf(cfg.Proxy)
	if err != nil {
		return nil, err
	}
	trust, err := trustOf(cfg.CAFile)
	if err != nil {
		return nil, err
	}
	return func(t *http.Transport) {
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if proxy == nil || r.URL.Scheme == "http" {
				return nil, nil
			}
			return proxy(r)
		}
		t.OnProxyConnectResponse = refusedByProxy
		if trust != nil {
			t.TLSClientConfig = trust.Clone()
		}
	}, nil
}

func invalid(message string) error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: message}
}

// proxyRefusal is a proxy's answer, which is not the provider's, to the wish to be
// connected.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string {
	return "the proxy answered with status " + strconv.Itoa(e.status)
}

func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyRefusal{resp.StatusCode}
	}
	return nil
}

// atProxy says what went wrong on the way to the proxy, or there; empty if that was
// not it.
func atProxy(err error) string {
	var refusal *proxyRefusal
	if errors.As(err, &refusal) {
		if refusal.status == http.StatusProxyAuthRequired {
			return "the proxy wants a user and password; put them into network_config.proxy, as in http://user:password@host:port"
		}
		return refusal.Error() + "; see what it allows, or change network_config.proxy"
	}
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")) {
		return "the proxy could not be reached, or did not reach it; check network_config.proxy, or HTTPS_PROXY and HTTP_PROXY"
	}
	return ""
}
