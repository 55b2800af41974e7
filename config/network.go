package config

import (
	"net/url"
	"strings"
	"time"

	"bifrost/schemas"
)

type network = schemas.NetworkConfig

var networkSection = section[network]{check: checkBackoff, fields: []field[network]{
	{name: "base_url", read: readBaseURL},
	{name: "proxy", read: readProxy},
	{name: "ca_file", read: readCAFile},
	{name: "extra_headers", read: readExtraHeaders},
	whole("max_retries", wholeBounds{least: 0, otherwise: "write 0 or leave it out for no retries"},
		func(c *network) *int { return &c.MaxRetries }),
	networkTime("retry_backoff_initial", schemas.DefaultRetryBackoffInitial,
		func(c *network) *time.Duration { return &c.RetryBackoffInitial }),
	networkTime("retry_backoff_max", schemas.DefaultRetryBackoffMax,
		func(c *network) *time.Duration { return &c.RetryBackoffMax }),
	networkTime("connect_timeout", schemas.DefaultConnectTimeout,
		func(c *network) *time.Duration { return &c.ConnectTimeout }),
	networkTime("first_byte_timeout", schemas.DefaultFirstByteTimeout,
		func(c *network) *time.Duration { return &c.FirstByteTimeout }),
	networkTime("total_timeout", schemas.DefaultTotalTimeout,
		func(c *network) *time.Duration { return &c.TotalTimeout }),
	networkTime("chunk_idle_timeout", schemas.DefaultChunkIdleTimeout,
		func(c *network) *time.Duration { return &c.ChunkIdleTimeout }),
	networkTime("reader_idle_timeout", schemas.DefaultReaderIdleTimeout,
		func(c *network) *time.Duration { return &c.ReaderIdleTimeout }),
}}

func networkTime(name string, def time.Duration, target func(*network) *time.Duration) field[network] {
	return duration(name, orDefaultOf(durationText(def)), target)
}

func checkBackoff(r *reader, _ value, has given, into *network) {
	limit := has["retry_backoff_max"]
	if _, ok := has["retry_backoff_initial"]; ok && into.RetryBackoffInitial == 0 {
		return // it has a fault of its own
	}
	initial := into.WithDefaults().RetryBackoffInitial
	if into.RetryBackoffMax > 0 && into.RetryBackoffMax < initial {
		r.fault(limit.line, limit.at, "must not be below retry_backoff_initial, which is %s; raise it or lower the other",
			durationText(initial))
	}
}

func readBaseURL(r *reader, v value, into *network) {
	text, ok := r.reference(v, `"https://api.openai.com"`)
	switch {
	case !ok:
	case !isBaseURL(text):
		r.fault(v.line, v.at, `must be http:// or https:// with a host, such as "https://api.openai.com", `+
			`without user, query or fragment; credentials go into keys`)
	default:
		into.BaseURL = text
	}
}

func isBaseURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(text, "?# \\") {
		return false
	}
	if _, port, found := strings.Cut(strings.TrimPrefix(u.Host, "["+u.Hostname()+"]"), ":"); found && !isPort(port) {
		return false
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.User == nil
}

func readProxy(r *reader, v value, into *network) {
	text, ok := r.reference(v, `"http://proxy.example:3128"`)
	proxy := schemas.ProxyURL(text)
	if ok && text == "" {
		r.fault(v.line, v.at, `must not be empty; leave it out for the environment's proxy, or write "none" for no proxy`)
	} else if err := proxy.Validate(); err != nil {
		r.fault(v.line, v.at, "%v", err)
	} else if ok {
		into.Proxy = proxy
	}
}

// readCAFile reads the path. Whether the file is one is for Load to see.
func readCAFile(r *reader, v value, into *network) {
	text, ok := r.reference(v, `"/etc/ssl/my-ca.pem"`)
	if ok && text == "" {
		r.fault(v.line, v.at, "must not be empty; leave it out to trust the system's authorities only")
	} else if ok {
		into.CAFile = text
		r.caFiles = append(r.caFiles, caFile{v.line, v.at, text})
	}
}

// caFile is a file that the configuration names.
type caFile struct {
	line int
	at   path
	name string
}

// checkFiles looks into the files that the configuration names.
func (r *reader) checkFiles() {
	for _, f := range r.caFiles {
		if _, err := schemas.CertPool(f.name); err != nil {
			r.fault(f.line, f.at, "%v", err)
		}
	}
	for _, p := range r.pairs {
		p.check(r)
	}
}

func readExtraHeaders(r *reader, v value, into *network) {
	if !r.want(v, kindTable, "") {
		return
	}
	first := map[string]int{}
	for _, m := range v.members {
		h := value{m.node, v.at.key(m.name)}
		same := strings.ToLower(m.name) // header names do not know case
		if before, ok := first[same]; ok {
			r.fault(h.line, h.at, "%s", givenTwice(before))
			continue
		}
		first[same] = h.line
		text, ok := r.reference(h, `"text"`)
		if err := schemas.CheckHeader(m.name, text); err != nil {
			r.fault(h.line, h.at, "%v", err)
		} else if ok {
			if into.ExtraHeaders == nil {
				into.ExtraHeaders = map[string]string{}
			}
			into.ExtraHeaders[m.name] = text
		}
	}
}
