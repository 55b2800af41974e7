package simulated_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// to is a call of a path; a body makes it a POST.
func to(path, body string) *httpx.Request {
	r := chatCall(body, "")
	if r.URL = "http://sim/v1" + path; body == "" {
		r.Method, r.Body = http.MethodGet, nil
	}
	return r
}

// upload is a call with a form.
func upload(t *testing.T, path, name, content string, fields ...string) *httpx.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		field, value, _ := strings.Cut(f, "=")
		if err := w.WriteField(field, value); err != nil {
			t.Fatal(err)
		}
	}
	if name != "" {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(part, content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := to(path, b.String())
	r.Header = http.Header{"Content-Type": {w.FormDataContentType()}}
	return r
}

func TestImagesArePictures(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	got := decodeAs[struct {
		Data []struct {
			B64 string `json:"b64_json"`
		}
	}](t, do(t, u, to("/images/generations", `{"prompt":"a square","n":3}`)).body)
	if len(got.Data) != 3 {
		t.Fatalf("got %d", len(got.Data))
	}
	picture, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(got.Data[2].B64)))
	if err != nil || picture.Bounds().Dx() != 1 {
		t.Errorf("got %v, %v", picture, err)
	}
	for _, bad := range []string{`{}`, `{"prompt":"a","n":0}`, `{"prompt":"a","n":11}`, `{"prompt":"a","stream":true}`, `{`} {
		if a := do(t, u, to("/images/generations", bad)); a.status != 400 {
			t.Errorf("%s: got %d", bad, a.status)
		}
	}
	checkIdle(t, u)
}

func TestSpeechIsSoundOfTheAskedFormat(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	for format, c := range map[string]struct {
		media string
		size  int
	}{"wav": {"audio/wav", 44 + 24000}, "pcm": {"audio/pcm", 24000}, "mp3": {"audio/mpeg", 20 * 192}, "": {"audio/mpeg", 20 * 192}} {
		a := do(t, u, to("/audio/speech", fmt.Sprintf(`{"model":"m","voice":"v","input":"hello there","response_format":%q}`, format)))
		if a.status != 200 || a.header.Get("Content-Type") != c.media || len(a.body) != c.size {
			t.Errorf("%s: got %d, %d bytes of %s", format, a.status, len(a.body), a.header.Get("Content-Type"))
		}
		if format == "wav" && int(binary.LittleEndian.Uint32([]byte(a.body[4:])))+8 != len(a.body) {
			t.Errorf("a wave file of %d bytes says %d", len(a.body), binary.LittleEndian.Uint32([]byte(a.body[4:])))
		}
	}
	for _, bad := range []string{`{"input":"a"}`, `{"model":"m"}`, `{"model":"m","input":"a","response_format":"opus"}`,
		`{"model":"m","input":"` + strings.Repeat("a ", 2049) + `"}`} {
		if a := do(t, u, to("/audio/speech", bad)); a.status != 400 {
			t.Errorf("%s: got %d", bad, a.status)
		}
	}
}

func TestATranscriptSaysHowLongTheRecordingIs(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	for _, path := range []string{"/audio/transcriptions", "/audio/translations"} {
		if a := do(t, u, upload(t, path, "a.wav", "12345", "model=m")); a.status != 200 || a.body != `{"text":"This is a simulated transcript of 5 bytes."}` {
			t.Errorf("got %+v", a)
		}
	}
	if a := do(t, u, upload(t, "/audio/transcriptions", "a.wav", "12345", "model=m", "response_format=text")); a.body != "This is a simulated transcript of 5 bytes.\n" {
		t.Errorf("got %+v", a)
	}
	for name, bad := range map[string]*httpx.Request{
		"no model":  upload(t, "/audio/transcriptions", "a.wav", "1"),
		"no file":   upload(t, "/audio/transcriptions", "", "", "model=m"),
		"a format":  upload(t, "/audio/transcriptions", "a.wav", "1", "model=m", "response_format=srt"),
		"a stream":  upload(t, "/audio/transcriptions", "a.wav", "1", "model=m", "stream=true"),
		"no form":   to("/audio/transcriptions", `{"model":"m"}`),
		"cut short": cutShort(upload(t, "/audio/transcriptions", "a.wav", "1", "model=m")),
	} {
		if a := do(t, u, bad); a.status != 400 {
			t.Errorf("%s: got %d", name, a.status)
		}
	}
	if s := checkIdle(t, u); s.Rejected != 6 || s.Succeeded != 3 {
		t.Errorf("got %+v", s)
	}
}

func cutShort(r *httpx.Request) *httpx.Request {
	r.Body = r.Body[:len(r.Body)-10]
	return r
}

type file struct{ ID, Filename, Purpose string }

func TestFilesAreKeptListedReadAndRemoved(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	var stored []file
	for _, purpose := range []string{"batch", "vision"} {
		a := do(t, u, upload(t, "/files", "ö.jsonl", "content of "+purpose, "purpose="+purpose))
		stored = append(stored, decodeAs[file](t, a.body))
	}
	list := func(query string) []file {
		return decodeAs[struct{ Data []file }](t, do(t, u, to("/files"+query, "")).body).Data
	}
	if a := do(t, simulated.New(schemas.SimulationConfig{}), to("/files", "")); a.body != `{"object":"list","data":[],"has_more":false}` {
		t.Errorf("got %+v", a)
	}
	if all := list(""); len(all) != 2 || all[0] != stored[1] || all[1] != stored[0] || all[1].Filename != "ö.jsonl" {
		t.Errorf("got %v, want %v", all, stored)
	}
	if some := list("?limit=5&purpose=vision"); len(some) != 1 || some[0] != stored[1] {
		t.Errorf("got %v", some)
	}
	if a := do(t, u, to("/files/"+stored[0].ID, "")); decodeAs[file](t, a.body) != stored[0] {
		t.Errorf("got %+v", a)
	}
	if a := do(t, u, to("/files/"+stored[0].ID+"/content", "")); a.body != "content of batch" {
		t.Errorf("got %+v", a)
	}
	remove := to("/files/"+stored[0].ID, "")
	remove.Method = http.MethodDelete
	if a := do(t, u, remove); a.status != 200 || !strings.Contains(a.body, `"deleted":true`) {
		t.Errorf("got %+v", a)
	}
	for _, gone := range []*httpx.Request{remove, to("/files/"+stored[0].ID, ""), to("/files/"+stored[0].ID+"/content", "")} {
		if a := do(t, u, gone); a.status != 404 || !strings.Contains(a.body, "file_not_found") {
			t.Errorf("got %+v", a)
		}
	}
	if s := checkIdle(t, u); s.Rejected != 3 {
		t.Errorf("got %+v", s)
	}
}

func TestOnlyTheNewestFilesAreKeptAndNoneThatIsTooLarge(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	var first file
	for n := range 65 {
		f := decodeAs[file](t, do(t, u, upload(t, "/files", "a", fmt.Sprint(n), "purpose=batch")).body)
		if n == 0 {
			first = f
		}
	}
	if n := len(decodeAs[struct{ Data []file }](t, do(t, u, to("/files", "")).body).Data); n != 64 {
		t.Errorf("%d are kept", n)
	}
	if a := do(t, u, to("/files/"+first.ID, "")); a.status != 404 {
		t.Errorf("the first is kept: %+v", a)
	}
	large := strings.Repeat("a", 1<<20)
	for content, status := range map[string]int{large: 200, large + "a": 413} {
		if a := do(t, u, upload(t, "/files", "a", content, "purpose=batch")); a.status != status {
			t.Errorf("%d bytes: got %d", len(content), a.status)
		}
	}
	for name, bad := range map[string]*httpx.Request{"no purpose": upload(t, "/files", "a", "1"), "no file": upload(t, "/files", "", "", "purpose=batch"),
		"a long purpose": upload(t, "/files", "a", "1", "purpose="+strings.Repeat("p", 1<<10))} {
		if a := do(t, u, bad); a.status != 400 {
			t.Errorf("%s: got %d", name, a.status)
		}
	}
}

func TestAModelThatIsNotThereIsOneRefusedCallWithinTheLimit(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{Concurrency: 1})
	resp, err := u.Do(context.Background(), to("/models/nothing", ""))
	if err != nil || resp.StatusCode != 404 {
		t.Fatalf("got %+v, %v", resp, err)
	}
	if s := checkIdle(t, u); s.Calls != 1 || s.Rejected != 1 {
		t.Errorf("got %+v", s)
	}
}
