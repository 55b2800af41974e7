package adapter

import (
	"net/url"
	"strings"

	"bifrost/schemas"
)

// checkTarget returns nil, or the error for a path and query of a raw call that
// could leave the base URL.
func checkTarget(path, query string) error {
	if !insideBase(path) {
		return &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: `the path of a raw call must begin with "/", stay below the provider's address and have no query; correct it`}
	}
	if strings.ContainsAny(query, "#") || hasControl(query) {
		return &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: "the query of a raw call has characters that are not allowed; escape them"}
	}
	return nil
}

// insideBase reports whether a path stays below the base URL, however often it
// is unescaped on its way.
func insideBase(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, `?#\`) || hasControl(path) {
		return false
	}
	for range 4 {
		for segment := range strings.SplitSeq(path[1:], "/") {
			// Some servers take "..;x" for "..".
			segment, _, _ = strings.Cut(segment, ";")
			if segment == "." || segment == ".." {
				return false
			}
		}
		if strings.Contains(path, "//") || strings.Contains(path, `\`) || hasControl(path) {
			return false
		}
		plain, err := url.PathUnescape(path)
		if err != nil {
			return false
		}
		if plain == path {
			return true
		}
		path = plain
	}
	return false // escaped more often than anything honest is
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
