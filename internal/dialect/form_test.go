package dialect_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

func upload(boundary, body string) *schemas.RawRequest {
	return &schemas.RawRequest{Header: http.Header{"Content-Type": {`multipart/form-data; boundary="` + boundary + `"`}}, Body: []byte(body)}
}

const aForm = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"m\u00f6del\"\r\nContent-Type: audio/wav\r\n\r\n\x00\r\n\r\nmodel\r\n" +
	"\r\n--b \t\r\ncontent-disposition: form-data; name=model\r\n\r\nwhisper-1\r\n--b--\r\n"

func TestTheModelOfAFormIsFoundAndOnlyItsBytesAreReplaced(t *testing.T) {
	raw := upload("b", aForm)
	if got := dialect.BodyModel(raw); got != "whisper-1" {
		t.Fatalf("got %q", got)
	}
	for _, model := range []string{"m", "whisper-1", "a/longer/name", ""} {
		got := dialect.WithBodyModel(raw, model)
		if want := strings.Replace(aForm, "whisper-1", model, 1); string(got.Body) != want || string(raw.Body) != aForm {
			t.Errorf("%q: got %q", model, got.Body)
		}
	}
}

// What another reader might read otherwise is no form.
func TestABodyThatIsNoFormNamesNoModel(t *testing.T) {
	for name, body := range map[string]string{
		"cut off":                strings.TrimSuffix(aForm, "--\r\n"),
		"cut in the boundary":    strings.TrimSuffix(aForm, "-\r\n"),
		"no part's head":         strings.Replace(aForm, "\r\n\r\nwhisper", "\r\nwhisper", 1),
		"lines of another sort":  strings.ReplaceAll(aForm, "\r\n", "\n"),
		"a boundary in a part":   strings.Replace(aForm, "\x00", "\x00--b", 1),
		"a boundary in a line":   strings.Replace(aForm, "\x00", "\n--b\n", 1),
		"a longer boundary":      strings.Replace(aForm, "--b--", "--bc\r\n--b--", 1),
		"a second form":          aForm + aForm,
		"something at its end":   strings.TrimSuffix(aForm, "\r\n") + "x",
		"no name":                strings.Replace(aForm, "name=model", "x=model", 1),
		"two dispositions":       strings.Replace(aForm, "name=model", "name=a\r\nContent-Disposition: form-data; name=model", 1),
		"another disposition":    strings.Replace(aForm, "form-data; name=model", "attachment; name=model", 1),
		"an empty part":          "--b\r\n--b--\r\n",
		"nothing":                "",
		"two models":             strings.Replace(aForm, "--b--", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n--b--", 1),
		"no model":               strings.Replace(aForm, "name=model", "name=models", 1),
		"a beginning of its own": "x" + aForm,
		"a line before it":       "x\r\n" + aForm,
		"a long line before it":  strings.Repeat("x", 5000) + "\r\n" + aForm,
		"many blanks":            strings.Replace(aForm, "--b \t", "--b"+strings.Repeat(" ", 257), 1),
		"many blanks at its end": strings.Replace(aForm, "--b--", "--b--"+strings.Repeat(" ", 257), 1),
	} {
		raw := upload("b", body)
		if got := dialect.BodyModel(raw); got != "" || dialect.WithBodyModel(raw, "other") != raw {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestABoundaryThatIsTooLongIsRefused(t *testing.T) {
	for length, want := range map[int]string{70: "whisper-1", 71: ""} {
		boundary := strings.Repeat("b", length)
		if got := dialect.BodyModel(upload(boundary, strings.ReplaceAll(aForm, "--b", "--"+boundary))); got != want {
			t.Errorf("%d characters: got %q, want %q", length, got, want)
		}
	}
}

// formOf returns a form of parts, each a name and its content.
func formOf(parts ...[2]string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + p[0] + "\"\r\n\r\n" + p[1] + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

func TestTheFallbacksOfAFormAreReadAndTakenOutOfIt(t *testing.T) {
	file, model := [2]string{"file", "\x00\r\n\r\nfallbacks\r\n"}, [2]string{"model", "a/m"}
	one, two := schemas.Fallback{Model: "b/n"}, schemas.Fallback{Provider: "c", Model: "o"}
	for name, c := range map[string]struct {
		parts [][2]string
		want  []schemas.Fallback
		left  [][2]string
	}{
		"a list in JSON":     {[][2]string{file, {"fallbacks", `["b/n", {"provider":"c","model":"o"}]`}, model}, []schemas.Fallback{one, two}, [][2]string{file, model}},
		"repeated":           {[][2]string{{"fallbacks", " b/n\n"}, file, {"fallbacks", `{"provider":"c","model":"o"}`}, model}, []schemas.Fallback{one, two}, [][2]string{file, model}},
		"as SDKs write them": {[][2]string{model, file, {"fallbacks[]", "b/n"}, {"fallbacks[]", "b/n"}}, []schemas.Fallback{one, one}, [][2]string{model, file}},
		"an empty list":      {[][2]string{model, {"fallbacks", "[]"}}, nil, [][2]string{model}},
		"nothing else":       {[][2]string{{"fallbacks", "b/n"}}, []schemas.Fallback{one}, nil},
		"none":               {[][2]string{file, model}, nil, [][2]string{file, model}},
	} {
		body := formOf(c.parts...)
		without, got, err := dialect.BodyFallbacks(upload("b", body))
		if err != nil || !slices.Equal(got, c.want) || string(without.Body) != formOf(c.left...) {
			t.Errorf("%s: got %v, %v, %q", name, got, err, without.Body)
		}
	}
	for _, wrong := range []string{"", " ", "[", `["a"`, `[1]`, `{"provider":"c"}`, `[""]`, "{}x"} {
		raw := upload("b", formOf(model, [2]string{"fallbacks", wrong}))
		if _, _, err := dialect.BodyFallbacks(raw); !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "fallbacks") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	raw := upload("b", strings.TrimSuffix(formOf(file, model), "--b--\r\n"))
	if _, _, err := dialect.BodyFallbacks(raw); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Errorf("a form that is cut off: got %v", err)
	}
}

func FuzzTheFallbacksOfAForm(f *testing.F) {
	f.Add(formOf([2]string{"file", "x"}, [2]string{"fallbacks", `["b/n"]`}, [2]string{"model", "m"}), "b")
	f.Add("\r\n"+formOf([2]string{"fallbacks[]", "a"}, [2]string{"fallbacks", `{"model":"m"}`})+"\r\nafter", "b")
	f.Fuzz(func(t *testing.T, body, boundary string) {
		raw := upload(boundary, body)
		without, got, err := dialect.BodyFallbacks(raw)
		if string(raw.Body) != body {
			t.Fatal("the call's own body was changed")
		}
		if err != nil {
			if !errors.Is(err, schemas.ErrInvalidRequest) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if without == raw {
			if got != nil {
				t.Fatalf("got %v of a call that has none", got)
			}
			return
		}
		for _, name := range []string{"file", "model", "fallbacks", "fallbacks[]"} { // the others are as they were
			left, err := dialect.FormValues(without.Header, without.Body, name)
			had, _ := dialect.FormValues(raw.Header, raw.Body, name)
			if strings.HasPrefix(name, "fallbacks") {
				had = nil
			}
			if err != nil || !slices.EqualFunc(left, had, bytes.Equal) {
				t.Fatalf("%s was %q and is %q, %v: %q", name, had, left, err, without.Body)
			}
			if len(left) > 0 {
				_ = valuesOf(t, without, name) // and it is a form to the library, too
			}
		}
	})
}

func FuzzAForm(f *testing.F) {
	f.Add(aForm, "b")
	f.Add("\r\n"+aForm+"\r\nafter", "b")
	f.Add("--\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n\r\n----", "")
	f.Fuzz(func(t *testing.T, body, boundary string) {
		raw := upload(boundary, body)
		values, err := dialect.FormValues(raw.Header, raw.Body, "model")
		if err != nil {
			return
		}
		theirs := valuesOf(t, raw, "model") // every other reader sees the same parts
		if len(theirs) != len(values) {
			t.Fatalf("got %q, the library %q", values, theirs)
		}
		for i := range values {
			if !bytes.Equal(values[i], theirs[i]) {
				t.Fatalf("got %q, the library %q", values, theirs)
			}
		}
		if len(values) != 1 {
			return
		}
		if got := dialect.BodyModel(dialect.WithBodyModel(raw, "another")); got != "another" {
			t.Fatalf("got %q after it was replaced", got)
		}
	})
}

// valuesOf reads a form with the standard library.
func valuesOf(t *testing.T, raw *schemas.RawRequest, name string) (values [][]byte) {
	r := (&http.Request{Method: "POST", Header: raw.Header, Body: io.NopCloser(bytes.NewReader(raw.Body))})
	parts, err := r.MultipartReader()
	if err != nil {
		t.Fatal(err)
	}
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return values
		}
		if err != nil {
			t.Fatalf("the library does not take the form: %v", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if part.FormName() == name {
			values = append(values, content)
		}
	}
}
