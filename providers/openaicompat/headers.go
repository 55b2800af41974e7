package openaicompat

import (
	"net/http"
	"strings"

	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// callersOwn lists the headers of a raw call that are about the caller, its
// connection to us or its credentials, and not about the call.
var callersOwn = []string{
	"Host", "Authorization", "Api-Key", "X-Api-Key", "X-Goog-Api-Key", "Openai-Organization", "Openai-Project", "Cookie", "Accept-Encoding", "Content-Length", "Expect",
	"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip",
}

// header returns the headers of a call of ours.
func (c *call) header(accept string) http.Header {
	return http.Header{"Accept": {accept}, "User-Agent": {"bifrost"}}
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

// answered returns a copy of a raw answer's headers without those of the
// connection, without cookies, which would tie callers to our credentials, and with
// the key masked.
func (c *call) answered(h http.Header) http.Header {
	out := h.Clone()
	httpx.StripHopByHop(out)
	out.Del("Set-Cookie")
	openai.MaskHeader(out, c.key)
	return out
}

// authorize adds the configured headers and the key to h. The key comes last, so
// that nothing replaces it.
func (c *call) authorize(h http.Header) error {
	for name, value := range c.opts.ExtraHeaders {
		h.Set(name, value)
	}
	if c.key == "" {
		if c.opts.KeyOptional {
			return nil
		}
		return &schemas.Error{Kind: schemas.KindUnauthorized,
			Message: "the provider needs a key and none was given; add one under keys"}
	}
	if strings.ContainsFunc(c.key, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return &schemas.Error{Kind: schemas.KindUnauthorized,
			Message: "the key's value has a line break or another control character; correct it under keys"}
	}
	h.Set(c.opts.Auth.Header, c.opts.Auth.Prefix+c.key)
	return nil
}
