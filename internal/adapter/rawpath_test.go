package adapter

import (
	"net/url"
	pathpkg "path"
	"strings"
	"testing"
)

func TestAPathThatStaysBelowItsBaseIsSentAsItIs(t *testing.T) {
	for _, path := range []string{"/chat/completions", "/models/meta-llama%2FLlama-3", "/files/a..b", "/files/...", "/a%20b", "/threads/t_1/runs", "/models/ft:gpt-4o:x"} {
		if err := checkTarget(path, ""); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := checkTarget("/files", "after=a%2Fb&limit=2"); err != nil {
		t.Error(err)
	}
	for _, query := range []string{"a#b", "a\r\nX: y"} {
		if err := checkTarget("/files", query); err == nil {
			t.Errorf("%q was accepted", query)
		}
	}
}

// FuzzRawPath is of the paths and queries of raw calls: one that is taken leads to the
// provider's host and below its base, however often it is unescaped on its way.
func FuzzRawPath(f *testing.F) {
	for _, seed := range []string{"/chat/completions", "/models/a%2Fb", "/a/%252e%252e/b", "/..;x/y", "//host", "/a\\b", "/%00", "/a?b"} {
		f.Add(seed, "limit=2&key=a%20b")
	}
	f.Add("/a", "#x")
	f.Fuzz(func(t *testing.T, path, query string) {
		if checkTarget(path, query) != nil {
			return
		}
		u, err := url.Parse("https://provider.invalid/base/v1" + path + "?" + query)
		if err != nil || u.Host != "provider.invalid" || u.Fragment != "" {
			t.Fatalf("%q with %q leads to %v, %v", path, query, u, err)
		}
		for plain := u.EscapedPath(); ; {
			if clean := pathpkg.Clean(plain); clean != "/base/v1" && !strings.HasPrefix(clean, "/base/v1/") {
				t.Fatalf("%q leads to %q", path, plain)
			}
			next, err := url.PathUnescape(plain)
			if err != nil || next == plain {
				return
			}
			plain = next
		}
	})
}
