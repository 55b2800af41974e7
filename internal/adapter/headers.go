package adapter

import (
	"maps"
	"net/http"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
)

// callersOwn lists the headers of a raw call that are about the caller, its
// connection to us or its credentials, and not about the call.
var callersOwn = []string{
	"Host", "Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key", "Openai-Organization", "Openai-Project", "Cookie", "Accept-Encoding", "Content-Length", "Expect",
	"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip",
	"X-Bifrost-Session", "X-Bifrost-Provider", // the gateway's
}

// header returns the headers of a typed call; those of the dialect's own win.
func (c *call) header(call *dialect.Call, accept string) http.Header {
	h := http.Header{"Accept": {accept}, "User-Agent": {"bifrost"}}
	if call.Body != nil {
		h.Set("Content-Type", "application/json")
	}
	maps.Copy(h, call.Header)
	return h
}

// forwarded returns a copy of a raw call's headers without the caller's own.
func forwarded(h http.Header) http.Header {
	out := h.Clone()
	if out == nil {
		out = http.Header{}
	}
	httpx.StripHopByHop(out)
	for _, name := range callersOwn {
		out.Del(name)
	}
	if out.Get("User-Agent") == "" {
		out.Set("User-Agent", "bifrost")
	}
	return out
}

// withAttempts adds the attempt's header to h, in place, without what is not its affair.
func withAttempts(h, attempt http.Header) {
	if len(attempt) == 0 {
		return
	}
	own := make(http.Header, len(attempt))
	for name, values := range attempt {
		own[http.CanonicalHeaderKey(name)] = values
	}
	httpx.StripHopByHop(own)
	for name, values := range own {
		if !slices.Contains(callersOwn, name) {
			h[name] = values
		}
	}
}

// answered returns a copy of a raw answer's headers without those of the
// connection, without cookies, which would tie callers to our credentials, and with
// the key masked.
func (c *call) answered(h http.Header) http.Header {
	out := h.Clone()
	httpx.StripHopByHop(out)
	out.Del("Set-Cookie")
	dialect.MaskHeader(out, c.secret)
	return out
}
