package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rs/cors"
)

// CORS lets pages of other origins call the gateway from a browser. Cookies and other
// credentials of a browser's own are never asked for: a page shows its key itself.
type CORS struct {
	// AllowedOrigins are the pages' origins, as "https://example.com:8443", or "*" for
	// any. None: CORS is off.
	AllowedOrigins []string

	// AllowedHeaders may be sent beside those that the SDKs send.
	AllowedHeaders []string

	// MaxAge is how long a browser may keep the answer to its question. Zero: it decides
	// itself.
	MaxAge time.Duration
}

// sdkHeaders are what the SDKs of OpenAI, Anthropic and Google send from a browser, and
// what is for the gateway.
var sdkHeaders = []string{
	"Accept", "Content-Type", "User-Agent", headerRequestID, "Idempotency-Key", headerTraceparent, "Tracestate",
	headerAuthorization, headerXKey, headerGoogleKey, headerAzureKey,
	"Openai-Beta", "Openai-Organization", "Openai-Project",
	"Anthropic-Version", "Anthropic-Beta", "Anthropic-Dangerous-Direct-Browser-Access",
	"X-Goog-Api-Client", headerServerTimeout,
	"X-Stainless-Arch", "X-Stainless-Async", "X-Stainless-Custom-Poll-Interval", "X-Stainless-Helper", "X-Stainless-Helper-Method",
	"X-Stainless-Lang", "X-Stainless-Os", "X-Stainless-Package-Version", "X-Stainless-Poll-Helper", headerRetryCount,
	"X-Stainless-Runtime", "X-Stainless-Runtime-Version", headerTimeout, headerReadTimeout,
	headerProvider, headerSession,
}

// shownHeaders are those of an answer that a page may read.
var shownHeaders = []string{
	headerRequestID, headerAnthropicID, "Retry-After", "Retry-After-Ms", "X-Should-Retry",
	headerProvider, headerCode, headerOrigin, headerDropped, headerUpstreamID,
	"X-Ratelimit-Limit-Requests", "X-Ratelimit-Limit-Tokens", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Remaining-Tokens",
	"X-Ratelimit-Reset-Requests", "X-Ratelimit-Reset-Tokens",
}

// corsPolicy answers browsers. Nil: it is off.
type corsPolicy struct{ rules *cors.Cors }

func (c CORS) policy() *corsPolicy {
	if len(c.AllowedOrigins) == 0 {
		return nil
	}
	return &corsPolicy{cors.New(cors.Options{
		AllowedOrigins: c.AllowedOrigins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete},
		AllowedHeaders: slices.Concat(sdkHeaders, c.AllowedHeaders),
		ExposedHeaders: shownHeaders,
		MaxAge:         int(c.MaxAge / time.Second),
	})}
}

// answers adds what a browser asks for to the answer's header, and reports whether the
// request was nothing but its question, which is then answered.
func (p *corsPolicy) answers(w http.ResponseWriter, r *http.Request) bool {
	if p == nil {
		return false
	}
	p.rules.HandlerFunc(w, r)
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

func (c CORS) validate() (faults []error) {
	for _, origin := range c.AllowedOrigins {
		u, err := url.Parse(origin)
		if origin == "*" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && origin == u.Scheme+"://"+u.Host {
			continue
		}
		faults = append(faults, fmt.Errorf(`the allowed origin %q is none; write it as "https://example.com", or "*"`, origin))
	}
	if c.MaxAge < 0 {
		faults = append(faults, fmt.Errorf("the maximal age is negative (%v); leave it out, or write 0", c.MaxAge))
	}
	return faults
}
