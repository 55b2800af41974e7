package gateway

import (
	"net/http"

	"bifrost/schemas"
)

// headerSession names the session that a request belongs to; see
// schemas.WithSession. It is not passed on.
const headerSession = "X-Bifrost-Session"

func withSession(r *http.Request) *http.Request {
	session := r.Header.Get(headerSession)
	if session == "" {
		return r
	}
	return r.WithContext(schemas.WithSession(r.Context(), session))
}
