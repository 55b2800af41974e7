package schemas

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// FuzzProxyURL is of a proxy's address: one that is taken is a URL with a host, and is
// never shown with its password.
func FuzzProxyURL(f *testing.F) {
	for _, seed := range []string{"http://me:s3cret@proxy.example:3128", "socks5://h", "none", "https://a:b@c@d", "http://[::1]:80/", "HTTP://h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := ProxyURL(text)
		if p.Validate() != nil || p == "" || p == NoProxy {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" {
			t.Fatalf("%q was taken: %v", text, err)
		}
		shown, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if u.User == nil {
			return
		}
		for _, s := range []string{p.String(), p.GoString(), p.LogValue().String(), string(shown)} {
			if i := strings.Index(s, "****@"); i < 0 || strings.Contains(s[:i], "@") || strings.Contains(s[i+len("****@"):], "@") {
				t.Fatalf("%q is shown as %q", text, s)
			}
		}
	})
}
