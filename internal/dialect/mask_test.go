package dialect

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
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
