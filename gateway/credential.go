package gateway

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"

	"bifrost/schemas"
)

// Where clients show their key: each SDK has its own way.
const (
	headerAuthorization = "Authorization"
	headerXKey          = "X-Api-Key"      // Anthropic's
	headerGoogleKey     = "X-Goog-Api-Key" // Google's
	headerAzureKey      = "Api-Key"        // Azure's
	queryKey            = "key"            // Google's, in the URL
)

// credentialHeaders are those that never go further than here.
var credentialHeaders = []string{headerAuthorization, headerXKey, headerGoogleKey, headerAzureKey}

// credentials returns what a request shows as keys, in the order in which they are
// tried: an SDK may send a key of its own surroundings beside the one that it was given.
func credentials(r *http.Request) (shown []string) {
	add := func(key string) {
		if key = strings.TrimSpace(key); key != "" {
			shown = append(shown, key)
		}
	}
	if scheme, key, ok := strings.Cut(r.Header.Get(headerAuthorization), " "); ok && strings.EqualFold(scheme, "Bearer") {
		add(key)
	}
	for _, name := range []string{headerXKey, headerGoogleKey, headerAzureKey} {
		add(r.Header.Get(name))
	}
	if strings.Contains(r.URL.RawQuery, queryKey) {
		add(r.URL.Query().Get(queryKey))
	}
	return shown
}

// identify returns the client whose key is shown; nil if there is none.
func (all members) identify(shown []string) *member {
	for _, key := range shown {
		if m := all[sha256.Sum256([]byte(key))]; m != nil {
			return m
		}
	}
	return nil
}

// isOpen reports whether a path is for whoever reaches the gateway: those that say
// whether it works.
func isOpen(path string) bool { return path == "/healthz" || path == "/readyz" }

// admit finds out whose request it is, and refuses a stranger's where there are clients.
func (g *Gateway) admit(x *exchange) error {
	all := x.settings.members
	if all == nil {
		return nil
	}
	x.keys = credentials(x.r)
	if x.member = all.identify(x.keys); x.member != nil {
		if x.member.LogContent {
			x.content = &content{}
		}
		x.r = x.r.WithContext(schemas.WithTenant(x.r.Context(), x.member.Name))
		return nil
	}
	if isOpen(x.r.URL.Path) {
		return nil
	}
	g.strangers.Add(1)
	x.Header().Set("Www-Authenticate", `Bearer realm="bifrost"`)
	message := "the key is not one of this gateway's clients; use the one that its operator gave you"
	if len(x.keys) == 0 {
		message = "the request has no key; send the one that the gateway's operator gave you, as your SDK's API key"
	}
	return &refusal{err: &schemas.Error{Kind: schemas.KindUnauthorized, Message: message}, closes: x.hasBody()}
}

// withoutCredentials removes what shows a key from a call that is sent on: the header,
// in place, and the query, which is returned.
func withoutCredentials(h http.Header, query string) string {
	for _, name := range credentialHeaders {
		h.Del(name)
	}
	if !strings.Contains(query, queryKey) && !strings.Contains(query, "%") {
		return query
	}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if !hasKey(part) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// hasKey reports whether a part of a query shows a key. Some servers separate by ";", too.
func hasKey(part string) bool {
	for one := range strings.SplitSeq(part, ";") {
		name, _, _ := strings.Cut(one, "=")
		if plain, err := url.QueryUnescape(name); err == nil && plain == queryKey {
			return true
		}
	}
	return false
}
