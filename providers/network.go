package providers

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// versionedURL returns a base URL with "/v1" at its end, once. Errors do not
// quote the URL, which may have a password in it.
func versionedURL(base string) (string, error) {
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
	path := strings.TrimRight(u.EscapedPath(), "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/v1"), "/")
	return u.Scheme + "://" + u.Host + path + "/v1", nil
}

// ours lists the headers that the adapter or the connection decides.
var ours = []string{"accept-encoding", "connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"}

// checkExtraHeaders refuses what HTTP does not allow and what would break the
// call. Errors name the header, never its value.
func checkExtraHeaders(headers map[string]string) error {
	var faults []error
	for name, value := range headers {
		switch {
		case !isToken(name):
			faults = append(faults, fmt.Errorf("network_config.extra_headers: %q is not a header's name", name))
		case slices.Contains(ours, strings.ToLower(name)):
			faults = append(faults, fmt.Errorf("network_config.extra_headers: %s cannot be set; remove it", name))
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			faults = append(faults, fmt.Errorf("network_config.extra_headers: the value of %s has a control character; correct it", name))
		}
	}
	return errors.Join(faults...)
}

func isToken(s string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(others, r))
	})
}
