package gateway

import (
	"mime"
	"net/http"
	"strings"
)

// Headers of the gateway's own. Codes and origins come with the dialect's errors.
const (
	headerRequestID = "X-Request-Id"
	// headerAnthropicID is where Anthropic's SDKs look for it.
	headerAnthropicID = "Request-Id"
	headerProvider    = "X-Bifrost-Provider"
	headerCode        = "X-Bifrost-Code"
	headerOrigin      = "X-Bifrost-Origin"
	originGateway     = "gateway" // a value of headerOrigin
	headerTraceparent = "Traceparent"
	// headerRetryCount is how often an SDK has tried before; 0 at first.
	headerRetryCount = "X-Stainless-Retry-Count"
	// headerDropped names the fields of a request that the provider's dialect cannot
	// carry; docs/translation.md has the rules.
	headerDropped = "X-Bifrost-Dropped"
	// headerUpstreamID has the provider's own request id, which its support asks
	// for.
	headerUpstreamID = "X-Bifrost-Upstream-Request-Id"
)

// notPassed lists the headers of a provider's answer that concern its own
// connection, its own site, or who holds the key.
var notPassed = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Alt-Svc", "Date", "Server", "Set-Cookie", "Strict-Transport-Security", "Www-Authenticate", "Openai-Organization",
}

// passHeader copies the headers of a provider's answer to dst.
func passHeader(dst, src http.Header) {
	src = src.Clone()
	if src == nil {
		return
	}
	for _, line := range src["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			src.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range notPassed {
		src.Del(name)
	}
	passUpstreamID(dst, src)
	for _, name := range upstreamIDs {
		src.Del(name) // the client's id is the gateway's
	}
	for name, values := range src {
		switch {
		case name == "Vary":
			dst[name] = append(dst[name], values...)
		case strings.HasPrefix(name, "X-Bifrost-"), strings.HasPrefix(name, "Access-Control-"): // who may read it is not the provider's to say
		default:
			dst[name] = values
		}
	}
}

// upstreamIDs are the headers in which providers tell a request's id.
var upstreamIDs = []string{headerRequestID, headerAnthropicID}

func passUpstreamID(dst, src http.Header) {
	for _, name := range upstreamIDs {
		if id := src.Get(name); id != "" {
			dst.Set(headerUpstreamID, id)
			return
		}
	}
}

// mediaType returns the media type of a Content-Type, "" if there is none.
func mediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}
