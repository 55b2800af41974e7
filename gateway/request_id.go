package gateway

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
)

const maxRequestID = 128

// requestID returns the caller's own id if it can be repeated safely in a header
// and a log, else a new one.
func requestID(h http.Header) string {
	if id := h.Get(headerRequestID); saneID(id) {
		return id
	}
	return uuid.NewString()
}

func saneID(id string) bool {
	visible := func(c rune) bool { return '!' <= c && c <= '~' }
	return id != "" && len(id) <= maxRequestID && !strings.ContainsFunc(id, func(c rune) bool { return !visible(c) })
}
