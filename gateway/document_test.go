package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"bifrost/schemas"
)

// FuzzDocument holds the reading of a body against encoding/json: what is taken
// for an object that names its model once is one, another model put in changes
// nothing else, and no fault of a body quotes it.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{"model":"a/b","messages":[]}`, ` {"x":[1,{"model":2}],"model" : "a"} `, `{"model":"a","model":"b"}`,
		`{"m\u006fdel":"a\"\u00e9"}`, `{"model":7}`, `[]`, `{`, `{"model":"a"}x`, `{"a":"}","model":"\\"}`, "\xff", `{"model":"` + "\xff" + `"}`,
	} {
		f.Add([]byte(seed), "new\"model")
	}
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		d, err := parseDocument(body)
		if err != nil {
			var e *schemas.Error
			if !errors.As(err, &e) || e.Kind != schemas.KindInvalidRequest {
				t.Fatalf("got %v", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatal("accepted what is not JSON")
		}
		for _, check := range []check{checkChat, checkEmbeddings, checkStream} {
			_ = check(d) // must not panic
		}
		before := decode(t, body)
		model, _ := before["model"].(string)
		if model == "" || models(t, body) != 1 {
			t.Fatalf("accepted %q", body)
		}
		raw := &schemas.RawRequest{Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
		if openaiFace.Model(raw) != d.model.Str {
			t.Fatalf("the call names %q, its body %q", openaiFace.Model(raw), d.model.Str)
		}
		after := openaiFace.WithModel(raw, name).Body
		want, _ := json.Marshal(name)
		got := decode(t, after)
		var normal string
		_ = json.Unmarshal(want, &normal)
		if got["model"] != normal {
			t.Fatalf("the model is %q, want %q", got["model"], normal)
		}
		got["model"] = before["model"]
		if !reflect.DeepEqual(got, before) {
			t.Fatalf("more than the model has changed: %q", after)
		}
		from, tail := d.model.Index, len(body)-d.model.Index-len(d.model.Raw)
		if name != d.model.Str && (!bytes.Equal(after[:from], body[:from]) || !bytes.Equal(after[len(after)-tail:], body[len(body)-tail:])) {
			t.Fatalf("bytes around the model have changed: %q", after)
		}
	})
}

func decode(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var v map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return v
}

// models counts the top-level fields of that name.
func models(t *testing.T, body []byte) (n int) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(body))
	_, _ = dec.Token()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		if key == "model" {
			n++
		}
		if err := dec.Decode(new(json.RawMessage)); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestAFaultOfABodyNeverQuotesIt(t *testing.T) {
	for _, body := range []string{`{"secret`, `{"model":secret}`, `{"model":["secret"]}`, `["secret"]`, `{"secret":1,"secret":2}`, "secret"} {
		if _, err := parseDocument([]byte(body)); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), `'s'`) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}
