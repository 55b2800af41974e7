package admin_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestTheDashboardIsComplete(t *testing.T) {
	h := handlerOf(t, options())
	page := ask(h, "GET", "/ui/", "")
	if page.status != http.StatusOK || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d, %v", page.status, page.header)
	}
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(named) < 3 {
		t.Fatalf("the page names %v", named)
	}
	kinds := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	for _, name := range named {
		got := ask(h, "GET", "/ui/"+name[1], "")
		if want := kinds[name[1][strings.LastIndex(name[1], "."):]]; got.status != http.StatusOK || got.header.Get("Content-Type") != want {
			t.Errorf("%s: status %d, %v", name[1], got.status, got.header)
		}
	}
	if got := ask(h, "GET", "/ui/LICENSES.txt", ""); got.status != http.StatusOK || !strings.Contains(got.body, "preact") || !strings.Contains(got.body, "uplot") {
		t.Errorf("the licences of what is bundled are missing: %d", got.status)
	}
	if got := ask(h, "GET", "/", ""); got.status != http.StatusFound || got.header.Get("Location") != "/ui/" {
		t.Errorf("got %d, %v", got.status, got.header)
	}
}

func TestThePageHasNothingThatItsPolicyForbids(t *testing.T) {
	page := ask(handlerOf(t, options()), "GET", "/ui/", "").body
	for _, forbidden := range []string{"<style", " style=", "http://", "https://", " onload="} {
		if strings.Contains(page, forbidden) {
			t.Errorf("index.html has %q", forbidden)
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(page) {
		t.Error("index.html has a script of its own")
	}
}

func TestTheDashboardIsCompressedAndKeptByBrowsers(t *testing.T) {
	h := handlerOf(t, options())
	plain := ask(h, "GET", "/ui/app.js", "")
	zipped := ask(h, "GET", "/ui/app.js", "", "Accept-Encoding", "br, gzip")
	if zipped.header.Get("Content-Encoding") != "gzip" || len(zipped.body) >= len(plain.body)/2 {
		t.Fatalf("%v, %d bytes of %d", zipped.header, len(zipped.body), len(plain.body))
	}
	r, err := gzip.NewReader(strings.NewReader(zipped.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != plain.body {
		t.Errorf("what is compressed is something else: %v", err)
	}
	again := ask(h, "GET", "/ui/app.js", "", "If-None-Match", plain.header.Get("ETag"))
	if again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("status %d with %d bytes", again.status, len(again.body))
	}
	if head := ask(h, "HEAD", "/ui/app.js", ""); head.status != http.StatusOK {
		t.Errorf("HEAD: %d", head.status)
	}
}
