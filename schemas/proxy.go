package schemas

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
)

// NoProxy is the ProxyURL of a provider that is reached directly, whatever the
// environment says.
const NoProxy ProxyURL = "none"

// ProxyURL is the address of a proxy, with a user and password if it asks for them:
// "http://proxy.example:3128", "https://…", "socks5://…"; or NoProxy. String,
// GoString, LogValue and JSON show "****" in the place of user and password.
type ProxyURL string

// Validate returns what is wrong, or nil. The error continues a sentence that begins
// with the setting's name, and never has the address.
func (p ProxyURL) Validate() error {
	if p == "" || p == NoProxy {
		return nil
	}
	u, err := url.Parse(string(p))
	if err != nil || u.Hostname() == "" || strings.ContainsAny(string(p), "?# \\") || strings.Trim(u.Path, "/") != "" {
		return errProxy
	}
	if !slices.Contains(proxySchemes, u.Scheme) {
		return errProxy
	}
	return nil
}

var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

var errProxy = errors.New(`must be http://, https:// or socks5:// with a host, such as "http://proxy.example:3128", ` +
	`without path or query, or "none" for no proxy`)

// String returns the address without user and password.
func (p ProxyURL) String() string {
	scheme, rest := "", string(p)
	for _, known := range proxySchemes {
		if after, ok := strings.CutPrefix(rest, known+"://"); ok {
			scheme, rest = known+"://", after
			break
		}
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "****" + rest[at:]
	}
	return scheme + rest
}

// GoString is String.
func (p ProxyURL) GoString() string { return p.String() }

// LogValue is String.
func (p ProxyURL) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalJSON returns String's text.
func (p ProxyURL) MarshalJSON() ([]byte, error) { return json.Marshal(p.String()) }

// maxCAFileBytes bounds what CertPool reads.
const maxCAFileBytes = 4 << 20

// CertPool returns the system's certificate authorities with those of a PEM file. It
// reads the file. The error continues a sentence that begins with the setting's
// name, and says what to do.
func CertPool(caFile string) (*x509.CertPool, error) {
	f, err := os.Open(caFile)
	if err != nil {
		return nil, errors.New("cannot be opened; name a PEM file that this process may read")
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("is no file; name a PEM file")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCAFileBytes+1))
	switch {
	case err != nil:
		return nil, errors.New("cannot be read; name a PEM file that this process may read")
	case len(text) > maxCAFileBytes:
		return nil, errors.New("is larger than 4 MiB; name a PEM file of certificates")
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // a system without one
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("has no certificate in PEM form; name the file of the authority's certificate")
	}
	return pool, nil
}
