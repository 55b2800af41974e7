package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzKeysOfClients is of the hashes of the configuration: what is taken for one is what
// HashKey writes, but for the case of its digits, and a fault never repeats the text.
func FuzzKeysOfClients(f *testing.F) {
	f.Add(HashKey("a"))
	f.Add("sha256:")
	f.Add(strings.ToUpper(HashKey("a")))
	f.Add("sha256:" + strings.Repeat("zz", 32))
	f.Fuzz(func(t *testing.T, text string) {
		hash, err := parseKeyHash(text)
		if err != nil {
			if len(text) > 8 && strings.Contains(err.Error(), text) {
				t.Errorf("the fault repeats it: %v", err)
			}
			return
		}
		if len(text) != len(HashKey("")) || hash == (keyHash{}) && strings.Trim(text[len(keyPrefix):], "0") != "" {
			t.Errorf("%q is taken for %x", text, hash)
		}
	})
}

// FuzzQueriesAreSentOnWithoutKeys is of a call's query: no key is left in it that would be
// taken for a client's, and all else is as it was.
func FuzzQueriesAreSentOnWithoutKeys(f *testing.F) {
	f.Add("a=1&key=secret&b=2")
	f.Add("k%65y=secret")
	f.Add("key")
	f.Add("monkey=1&&%zz=2")
	f.Add("a=1;key=secret&b=2;c=3")
	f.Fuzz(func(t *testing.T, query string) {
		got := withoutCredentials(http.Header{}, query)
		if left, _ := url.ParseQuery(strings.ReplaceAll(got, ";", "&")); left.Has(queryKey) {
			t.Errorf("%q became %q", query, got)
		}
		var want []string
		for part := range strings.SplitSeq(query, "&") {
			shown := false
			for one := range strings.SplitSeq(part, ";") {
				name, _, _ := strings.Cut(one, "=")
				plain, err := url.QueryUnescape(name)
				shown = shown || err == nil && plain == queryKey
			}
			if !shown {
				want = append(want, part)
			}
		}
		if got != strings.Join(want, "&") {
			t.Errorf("%q became %q", query, got)
		}
	})
}
