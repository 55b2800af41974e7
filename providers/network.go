package providers

import (
	"errors"
	"net/url"
	"strings"
)

// defaultVersion is the version prefix of most APIs.
const defaultVersion = "/v1"

// versionedURL returns a base URL with version at its end, once. Errors do not
// quote the URL, which may have a password in it.
func versionedURL(base, version string) (string, error) {
	base, err := plainURL(base)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(strings.TrimSuffix(base, version), "/") + version, nil
}

// plainURL returns a base URL without "/" at its end. Errors are as versionedURL's.
func plainURL(base string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(base))
	switch {
	case err != nil:
		return "", errors.New(`network_config.base_url is not a URL; write one like "https://api.openai.com"`)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New(`network_config.base_url must begin with "http://" or "https://"`)
	case u.Hostname() == "":
		return "", errors.New(`network_config.base_url has no host; write one like "https://api.openai.com"`)
	case u.User != nil:
		return "", errors.New("network_config.base_url has a user name or password; put the credential under keys")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("network_config.base_url has a query or fragment; leave it out")
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
}
