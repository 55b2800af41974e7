package dialect

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAKeyIsMaskedInEveryWayItIsWritten(t *testing.T) {
	const key = `sk-"a"/b\c&d+e`
	quoted, _ := json.Marshal(key)
	for _, form := range []string{key, string(quoted), strings.ReplaceAll(key, "/", `\/`), url.QueryEscape(key), url.PathEscape(key),
		`sk-%22a%22%2fb%5cc%26d%2be`} {
		if got := string(Masked([]byte("no: "+form+"."), key)); got != "no: ***." && got != `no: "***".` || !Quotes([]byte(form), key) {
			t.Errorf("%s: got %s", form, got)
		}
	}
	if got := string(Masked([]byte("as it is"), "")); got != "as it is" || Quotes([]byte("as it is"), "") {
		t.Errorf("without a key: got %s", got)
	}
}

func TestHeadersLoseTheKeyButNotWhatTellsHowToReadTheBody(t *testing.T) {
	h := http.Header{"X-Echo": {"Bearer json", "a"}, "Content-Type": {"application/json"}, "Content-Length": {"7"}}
	MaskHeader(h, "json")
	if h["X-Echo"][0] != "Bearer ***" || h["X-Echo"][1] != "a" || h.Get("Content-Type") != "application/json" || h.Get("Content-Length") != "7" {
		t.Errorf("got %v", h)
	}
}

// FuzzMask is of a provider that quotes the key, as JSON text or a URL writes it, in its
// body and a header: it is in neither afterwards, and what is JSON stays JSON.
func FuzzMask(f *testing.F) {
	f.Add("sk-invented/1", "Incorrect API key provided: ", ".")
	f.Add("a\"b<c>&d", "", "")
	f.Add("k\u00e9y+ /", "x", "y")
	f.Fuzz(func(t *testing.T, key, before, after string) {
		if len(key) < 4 || strings.Contains(key, "*") || !utf8.ValidString(key) || !utf8.ValidString(before) || !utf8.ValidString(after) {
			return
		}
		text := before + key + after
		quoted, err := json.Marshal(map[string]string{"m": text})
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{text, string(quoted), url.QueryEscape(text), url.PathEscape(text)} {
			h := http.Header{"X-Quoted": {body}}
			MaskHeader(h, key)
			if masked := MaskedBody([]byte(body), key); Quotes(masked, key) || Quotes([]byte(h.Get("X-Quoted")), key) {
				t.Fatalf("%q is in %q or %q", key, masked, h)
			}
		}
		var in map[string]string
		if masked := MaskedBody(quoted, key); len(quoted) <= MaxErrorBody && !strings.Contains(`{"m":"`, key) && json.Unmarshal(masked, &in) == nil && strings.Contains(in["m"], key) {
			t.Fatalf("%q says %q", masked, key)
		}
	})
}
