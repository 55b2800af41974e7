package gateway_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// form is an upload: its type, and its body with a file of every byte that there is.
func form(t *testing.T, fields ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	file, err := w.CreateFormFile("file", `ö "a".wav`)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		_, _ = file.Write([]byte{byte(i), '\r', '\n', '-', '-'}) // a buffer takes all
	}
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

func TestAnUploadReachesTheProviderByteForByteButForTheModelsName(t *testing.T) {
	for _, path := range []string{"/audio/transcriptions", "/audio/translations", "/images/edits", "/images/variations", "/something/new"} {
		for model, want := range map[string]string{"fake/m": "m", "fake/a/b": "a/b", "m": "m"} {
			media, body := form(t, "prompt", "model", "model", model, "temperature", "0")
			p, seen := recording(reply(`{"text":"hello"}`))
			got := serveFake(t, p).post(t, "/v1"+path, body, "Content-Type", media)
			if got.status != 200 || got.body != `{"text":"hello"}` || got.header.Get("X-Bifrost-Provider") != "fake" {
				t.Fatalf("%s: got %d %s", path, got.status, got.body)
			}
			place := "name=\"model\"\r\n\r\n"
			if raw := <-seen; string(raw.Body) != strings.Replace(body, place+model, place+want, 1) || raw.Path != path || raw.Header.Get("Content-Type") != media {
				t.Errorf("%s: the provider got %s %v %.200s", path, raw.Path, raw.Header, raw.Body)
			}
		}
	}
}

func TestTheFallbacksOfAnUploadAreAskedAndNotSent(t *testing.T) {
	media, body := form(t, "fallbacks", `["other/n"]`, "model", "fake/m", "fallbacks[]", "none/x", "prompt", "p")
	failing := &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return nil, &schemas.Error{Kind: schemas.KindUpstream, Message: "it fails"}
	}}
	p, seen := recording(reply(`{"text":"hello"}`))
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", failing), bifrost.WithProvider("other", p))
	got := s.post(t, "/v1/audio/transcriptions", body, "Content-Type", media)
	if got.status != 200 || got.body != `{"text":"hello"}` || got.header.Get("X-Bifrost-Provider") != "other" {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	_, plain := form(t, "model", "n", "prompt", "p")
	if raw := <-seen; string(raw.Body) != strings.ReplaceAll(plain, boundary(t, plain), boundary(t, body)) {
		t.Errorf("the provider got %q", raw.Body[max(0, len(raw.Body)-400):])
	}
	media, body = form(t, "model", "fake/m", "fallbacks", `["`)
	invalid("", "fallbacks").check(t, s.post(t, "/v1/audio/transcriptions", body, "Content-Type", media))
}

func TestAFaultyUploadIsRefusedClearlyBeforeAnyProvider(t *testing.T) {
	media, good := form(t, "model", "fake/m")
	under := func(_, body string) string { return strings.ReplaceAll(body, boundary(t, body), boundary(t, good)) }
	nameless, twice := under(form(t)), under(form(t, "model", "fake/m", "model", "fake/n"))
	with := func(model string) string {
		return strings.Replace(good, "\r\n\r\nfake/m\r\n", "\r\n\r\n"+model+"\r\n", 1)
	}
	for name, c := range map[string]struct {
		path, body, media string
		want              wantError
	}{
		"no model":         {"/v1/audio/transcriptions", nameless, media, invalid("model", "missing")},
		"an empty model":   {"/v1/audio/translations", with(""), media, invalid("model", "empty")},
		"two models":       {"/v1/audio/transcriptions", twice, media, invalid("model", "twice")},
		"an unknown model": {"/v1/images/edits", with("nobody/m"), media, unknown},
		"a provider only":  {"/v1/images/edits", with("fake/"), media, invalid("model", "names a provider only")},
		"a form cut off":   {"/v1/images/edits", good[:len(good)-20], media, invalid("", "cut off")},
		"no boundary":      {"/v1/files", good, "multipart/form-data", invalid("", "boundary")},
		"another boundary": {"/v1/files", good, "multipart/form-data; boundary=other", invalid("", "not the form")},
		"an empty upload":  {"/v1/audio/transcriptions", "", media, invalid("model", "missing")},
		"a body over the bound": {"/v1/files", strings.Repeat("x", 100_000), media, wantError{status: 413, code: "body_too_large", kind: faulty,
			saysPartly: "10000 bytes"}},
		"a form to a chat":       {chatPath, good, media, wantError{status: 415, code: media415, kind: faulty, saysPartly: "must be JSON and"}},
		"a form to embeddings":   {"/v1/embeddings", good, media, wantError{status: 415, code: media415, kind: faulty, saysPartly: "must be JSON and"}},
		"bytes":                  {"/v1/files", "x", "application/octet-stream", wantError{status: 415, code: media415, kind: faulty, saysPartly: "multipart/form-data"}},
		"a nameless part":        {"/v1/files", strings.Replace(good, `name="file"; `, "", 1), media, invalid("", "no Content-Disposition with a name")},
		"a broken JSON to files": {"/v1/files", "{", "application/json", invalid("", "JSON")},
	} {
		t.Run(name, func(t *testing.T) {
			p, seen := recording(reply(answer))
			other := always(answer)
			s := serve(t, schemas.BifrostConfig{}, gateway.Options{MaxBodyBytes: 10_000}, bifrost.WithProvider("fake", p), bifrost.WithProvider("other", other))
			c.want.check(t, s.post(t, c.path, c.body, "Content-Type", c.media))
			if len(seen) > 0 {
				t.Error("the provider was called")
			}
		})
	}
}

const media415 = "unsupported_media_type"

// boundary is that of a form as form makes it.
func boundary(t *testing.T, body string) string {
	t.Helper()
	line, _, ok := strings.Cut(body, "\r\n")
	if !ok || !strings.HasPrefix(line, "--") {
		t.Fatal("not a form")
	}
	return line[2:]
}

func TestAnUploadToAProviderOfAnotherDialectIsRefusedWithWhatItHas(t *testing.T) {
	account := schemas.StaticAccount{"a": {Config: schemas.ProviderConfig{Type: "simulated", Simulation: &schemas.SimulationConfig{Dialect: "anthropic"}}}}
	media, body := form(t, "model", "a/sim-small")
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{})
	for header, body := range map[string]string{"": body, "a": strings.Replace(body, "a/sim-small", "sim-small", 1)} {
		got := s.post(t, "/v1/audio/transcriptions", body, "Content-Type", media, "X-Bifrost-Provider", header)
		wantError{status: http.StatusBadRequest, code: "unsupported_operation", kind: faulty,
			saysPartly: "/audio/transcriptions are not translated to the provider's dialect"}.check(t, got)
		if !strings.Contains(got.body, "it has chat, chat_stream, count_tokens, list_models, raw") {
			t.Errorf("got %s", got.body)
		}
	}
}
