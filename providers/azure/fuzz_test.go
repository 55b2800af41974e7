package azure

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// FuzzRoute is of a call's path and query: there is one version in the query or none,
// whatever the caller's has, its other parameters stay as they are written, and a model is
// no more than one segment of the path.
func FuzzRoute(f *testing.F) {
	f.Add("2024-10-21", "gpt-4o", "/chat/completions", "api-version=2023-05-15&a=b", []byte(`{"model":"gpt-4o"}`))
	f.Add("preview", "gpt-4o", "/responses", "API-Version=x&&c", []byte(`{"model":"gpt-4o"}`))
	f.Add("", "a/../b", "/chat/completions", "api%2Dversion=x", []byte(`{`))
	f.Fuzz(func(t *testing.T, version, model, path, query string, body []byte) {
		call := &dialect.Call{Path: path, Query: query, Body: body}
		r := router{cfg: schemas.AzureConfig{APIVersion: version, Deployments: map[string]string{"gpt-4o": "mine"}}}
		if err := r.route(model, call); err != nil {
			var e *schemas.Error
			if !errors.As(err, &e) {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		if !strings.HasSuffix(call.Path, path) || strings.Count(call.Path, "/") > strings.Count(path, "/")+2 {
			t.Fatalf("%q of %q leads to %q", path, model, call.Path)
		}
		want, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		got, err := url.ParseQuery(call.Query)
		if err != nil {
			t.Fatalf("%q becomes %q", query, call.Query)
		}
		versions := 0
		for name, values := range got {
			if strings.EqualFold(name, versionParameter) {
				versions += len(values)
			} else if strings.Join(values, "\n") != strings.Join(want[name], "\n") {
				t.Fatalf("%q becomes %q", query, call.Query)
			}
		}
		if versions > 1 || got.Get(versionParameter) != "" && got.Get(versionParameter) != version {
			t.Fatalf("%q becomes %q", query, call.Query)
		}
	})
}

// FuzzEntraFailure is of the text of a failed sign-in, which may quote anything: of it no
// more than Entra's own code is told.
func FuzzEntraFailure(f *testing.F) {
	f.Add("POST https://login.invalid/t: AADSTS7000215: Invalid client secret provided: s3cret")
	f.Add("AADSTS1AADSTS99999999999")
	none := noToken(errors.New("")).Message
	f.Fuzz(func(t *testing.T, text string) {
		message := noToken(errors.New(text)).Message
		code := entraCode.FindString(text)
		if strings.Replace(message, " ("+code+")", "", 1) != none || len(code) > len("AADSTS")+9 {
			t.Fatalf("%q says %q", text, message)
		}
	})
}
