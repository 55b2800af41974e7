package config

import (
	"net/url"
	"strings"
	"time"

	"bifrost/schemas"
)

const exampleOrigin = `"https://app.example.com"`

var corsSection = section[CORS]{check: checkCORS, fields: []field[CORS]{
	custom("allowed_origins", listOf(ofText(), 0, ""), readOrigins).
		required("the pages that may call the gateway from a browser", "`http` or `https` with a host, and no path; or `\"*\"` alone"),
	custom("allowed_headers", listOf(ofText(), 0, "names of headers, none twice"), readAllowedHeaders).
		doc("none", "request headers that they may send beside those of the SDKs"),
	duration("max_age", "leave it out for the browser's own", func(c *CORS) *time.Duration { return &c.MaxAge }).
		doc("the browser's own", "how long a browser may keep the answer to its question"),
}}

func readAllowedHeaders(r *reader, v value, into *CORS) {
	r.texts(v, `"X-Team"`, func(text string) error {
		into.AllowedHeaders = append(into.AllowedHeaders, text)
		return schemas.CheckHeader(text, "")
	})
}

func readOrigins(r *reader, v value, into *CORS) {
	if !r.want(v, kindList, "["+exampleOrigin+"]") {
		return
	}
	first := map[string]int{}
	for i, e := range v.elements {
		e := value{e, v.at.item(i)}
		if !r.want(e, kindText, exampleOrigin) {
			continue
		}
		origin := strings.ToLower(e.text)
		before, again := first[origin]
		switch {
		case origin == "*" && len(v.elements) > 1:
			r.fault(e.line, e.at, `is "*", which is every origin; remove it, or all others`)
		case origin != "*" && !isOrigin(origin):
			r.fault(e.line, e.at, `must be http:// or https:// with a host, and no path, such as %s; or "*" alone`, exampleOrigin)
		case again:
			r.fault(e.line, e.at, "%s", givenTwice(before))
		default:
			first[origin] = e.line
			into.AllowedOrigins = append(into.AllowedOrigins, origin)
		}
	}
}

// isOrigin reports whether text is what browsers send as Origin.
func isOrigin(text string) bool {
	if !isBaseURL(text) || strings.HasSuffix(text, ":") {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Path == ""
}

func checkCORS(r *reader, table value, has given, _ *CORS) {
	if _, ok := has["allowed_origins"]; !ok {
		r.fault(table.line, table.at.key("allowed_origins"), "is missing; name the pages that may call the gateway, such as [%s], or remove the table",
			exampleOrigin)
	}
}
