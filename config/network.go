package config

import (
	"net/url"
	"strings"
	"time"

	"bifrost/schemas"
)

type network = schemas.NetworkConfig

var networkSection = section[network]{check: checkBackoff, fields: []field[network]{
	custom("base_url", ofReference(), readBaseURL).
		doc("the adapter's own, needed for `azure` and `cloudflare`", "where the provider is; one that ends in `/v1` means the same (`/openai/v1` for `azure`, "+
			"`/v2` for `cohere`, `/v4` for `zhipu`, `/v1/openai` for `deepinfra`, `/inference` for `github`)",
			"`http` or `https` with a host, without user, query or fragment; absent for a simulated provider"),
	custom("proxy", ofReference(), readProxy).
		doc("the environment's: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`", "the proxy to the provider, with user and password if it asks for them, "+
			"also to where its cloud is [signed in to](#signing-in-to-a-cloud); `\"none\"` for no proxy at all",
			"`http`, `https` or `socks5` with a host, without path or query; or `none`"),
	custom("ca_file", ofReference(), readCAFile).
		doc("the system's authorities only", "a PEM file of certificate authorities that are trusted beside the system's; "+
			"a path that is not absolute begins in the working directory", "a file with a certificate; `bifrost check` looks into it"),
	custom("extra_headers", tableOf(ofReference(), ""), readExtraHeaders).
		doc("none", "added to every request; they never replace credentials",
			"names of headers, none twice in any case, and none that the connection decides (`Host`, `Content-Length`, `Connection`, `Accept-Encoding` …); "+
				"values without white space at an end or control characters"),
	whole("max_retries", wholeBounds{least: 0, otherwise: "write 0 or leave it out for no retries"}, func(c *network) *int { return &c.MaxRetries }).
		doc("0", "attempts after the first; see [Retries](#retries)"),
	networkTime("retry_backoff_initial", schemas.DefaultRetryBackoffInitial, func(c *network) *time.Duration { return &c.RetryBackoffInitial }).
		doc("`\"500ms\"`", "the pause before the first retry, before 20 % of jitter; it doubles each time"),
	networkTime("retry_backoff_max", schemas.DefaultRetryBackoffMax, func(c *network) *time.Duration { return &c.RetryBackoffMax }).
		doc("`\"5s\"`, or the initial pause if that is longer", "the longest pause, before 20 % of jitter; `Retry-After` may ask for a longer one",
			"not below `retry_backoff_initial`"),
	networkTime("connect_timeout", schemas.DefaultConnectTimeout, func(c *network) *time.Duration { return &c.ConnectTimeout }).
		doc("`\"5s\"`", "time to connect"),
	networkTime("first_byte_timeout", schemas.DefaultFirstByteTimeout, func(c *network) *time.Duration { return &c.FirstByteTimeout }).
		doc("`\"300s\"`", "from the call to the first byte of the body of its answer"),
	networkTime("total_timeout", schemas.DefaultTotalTimeout, func(c *network) *time.Duration { return &c.TotalTimeout }).
		doc("`\"300s\"`", "one attempt, its body included"),
	networkTime("chunk_idle_timeout", schemas.DefaultChunkIdleTimeout, func(c *network) *time.Duration { return &c.ChunkIdleTimeout }).
		doc("`\"120s\"`", "the longest pause between two pieces of an answer"),
	networkTime("reader_idle_timeout", schemas.DefaultReaderIdleTimeout, func(c *network) *time.Duration { return &c.ReaderIdleTimeout }).
		doc("`\"60s\"`", "how long a caller may neither read nor close a stream"),
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
	into.ExtraHeaders = r.headers(v)
}

// headers reads a table of headers, or returns nil if there is none.
func (r *reader) headers(v value) map[string]string {
	if !r.want(v, kindTable, "") {
		return nil
	}
	var headers map[string]string
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
			if headers == nil {
				headers = map[string]string{}
			}
			headers[m.name] = text
		}
	}
	return headers
}
