package providers_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// What Ollama's own API answers, written by hand from
// https://github.com/ollama/ollama/blob/main/docs/api.md; how it tells an error among
// progress is as in server/routes.go of the same repository.
const (
	// ollamaList is the answer of GET /api/tags. The last model is one of a person's own,
	// with a length of context as newer servers tell it.
	ollamaList = `{"models":[
	{"name":"deepseek-r1:latest","model":"deepseek-r1:latest","modified_at":"2025-05-10T08:06:48.639712648-07:00","size":4683075271,
	 "digest":"0a8c26691023","details":{"parent_model":"","format":"gguf","family":"qwen2","families":["qwen2"],"parameter_size":"7.6B","quantization_level":"Q4_K_M"}},
	{"name":"jane/tiny:1b","model":"jane/tiny:1b","modified_at":"2025-05-04T17:37:44-07:00","size":2019393189,
	 "digest":"a80c4f17acd5","details":{"format":"gguf","family":"llama","families":null,"parameter_size":"1B","quantization_level":"Q8_0","context_length":8192}}]}`

	manifest = `{"status":"pulling manifest"}` + "\n"
	layer    = `{"status":"pulling 0a8c26691023","digest":"sha256:0a8c26691023","total":2142590208,"completed":241970}` + "\n"
	success  = `{"status":"success"}` + "\n"
	failed   = `{"error":"max retries exceeded: EOF"}` + "\n"
)

// withTags puts Ollama's own list of models before a server of OpenAI's dialect.
func withTags(good http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/api/tags" {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, ollamaList)
			return
		}
		good(w, r)
	}
}

// ollama returns a provider of the type at a scripted server.
func ollama(t *testing.T, script http.HandlerFunc) (schemas.Provider, *providertest.Upstream) {
	t.Helper()
	up := providertest.NewUpstream(t)
	up.Script(script)
	return build(t, "mine", schemas.ProviderConfig{Type: "ollama", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}}), up
}

// own makes a raw call of Ollama's own API.
func own(ctx context.Context, p schemas.Provider, method, path, body string) (*schemas.RawResponse, error) {
	raw := &schemas.RawRequest{Method: method, Path: path, Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}}}
	resp, err := p.Call(ctx, &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationRaw, Raw: raw}})
	if err != nil {
		return nil, err
	}
	return resp.Raw, nil
}

// lines returns a script that answers with lines of JSON, each once next says so; a nil
// next never waits.
func lines(next <-chan struct{}, all ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, line := range all {
			if next != nil {
				select {
				case <-next:
				case <-r.Context().Done():
					return
				}
			}
			_, _ = io.WriteString(w, line)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

func TestOllamasModelsAreListedWithTheirDetails(t *testing.T) {
	p, _ := ollama(t, withTags(http.NotFound))
	resp, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationListModels}})
	if err != nil {
		t.Fatal(err)
	}
	want := []schemas.Model{
		{ID: "deepseek-r1:latest", Object: "model", Created: 1746889608, OwnedBy: "library",
			Files: &schemas.ModelFiles{Size: 4683075271, Format: "gguf", Family: "qwen2", ParameterSize: "7.6B", Quantization: "Q4_K_M"}},
		{ID: "jane/tiny:1b", Object: "model", Created: 1746405464, OwnedBy: "jane", ContextLength: 8192,
			Files: &schemas.ModelFiles{Size: 2019393189, Format: "gguf", Family: "llama", ParameterSize: "1B", Quantization: "Q8_0"}},
	}
	same := func(a, b schemas.Model) bool {
		files := *a.Files == *b.Files
		a.Files, b.Files = nil, nil
		return files && a == b
	}
	if !slices.EqualFunc(resp.Models.Data, want, same) {
		t.Fatalf("got %+v", resp.Models.Data)
	}
}

func TestAServerWithoutOllamasListIsNamedAsTheFault(t *testing.T) {
	for _, body := range []string{`{"object":"list","data":[]}`, `[]`, `{"models":[{"modified_at":"yesterday"}]}`} {
		p, _ := ollama(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		})
		_, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationListModels}})
		if !errors.Is(err, schemas.ErrUpstream) || !strings.Contains(err.Error(), `type = "openai"`) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestAPassedChatOfOllamaHasTheNamesThatItKnows(t *testing.T) {
	p, up := ollama(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[]}`)
	})
	const body = `{"model":"m","max_completion_tokens":5,"messages":[{"role":"developer","content":"hi"},{"role":"assistant","content":"a","reasoning_content":"hm"}]}`
	for _, path := range []string{"/chat/completions", "/completions", "/api/chat"} {
		raw, err := own(t.Context(), p, http.MethodPost, path, body)
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Body.Close()
	}
	sent := up.Received()
	if want := `{"model":"m","messages":[{"role":"system","content":"hi"},{"role":"assistant","content":"a","reasoning":"hm"}],"max_tokens":5}`; string(sent[0].Body) != want {
		t.Errorf("sent %s, want %s", sent[0].Body, want)
	}
	if string(sent[1].Body) != body || string(sent[2].Body) != body {
		t.Errorf("calls that are no chat of OpenAI's dialect were changed: %s, %s", sent[1].Body, sent[2].Body)
	}
}

func TestOllamasOwnPathsGoToTheServersRoot(t *testing.T) {
	for _, suffix := range []string{"", "/", "/v1", "/v1/", "/prefix", "/prefix/v1"} {
		up := providertest.NewUpstream(t)
		up.Script(lines(nil, success))
		p := build(t, "mine", schemas.ProviderConfig{Type: "ollama", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + suffix}})
		root := strings.TrimSuffix(strings.TrimRight(suffix, "/"), "/v1")
		for path, want := range map[string]string{
			"/api/pull": root + "/api/pull", "/api/blobs/sha256:0a8c": root + "/api/blobs/sha256:0a8c",
			"/completions": root + "/v1/completions", "/apiary": root + "/v1/apiary",
		} {
			raw, err := own(t.Context(), p, http.MethodPost, path, `{}`)
			if err != nil {
				t.Fatal(err)
			}
			_ = raw.Body.Close()
			calls := up.Received()
			if got := calls[len(calls)-1].Path; got != want {
				t.Errorf("%q, %s: called %s, want %s", suffix, path, got, want)
			}
		}
	}
}

func TestEveryRouteOfOllamasOwnPassesAsItIs(t *testing.T) {
	for _, c := range []struct{ method, path, body, media, answer string }{
		{"GET", "/api/tags", ``, "application/json", ollamaList},
		{"HEAD", "/api/tags", ``, "application/json", ``},
		{"GET", "/api/ps", ``, "application/json", `{"models":[]}`},
		{"GET", "/api/version", ``, "application/json", `{"version":"0.5.1"}`},
		{"POST", "/api/show", `{"model":"llama3.2"}`, "application/json", `{"modelfile":"FROM x","details":{}}`},
		{"POST", "/api/copy", `{"source":"a","destination":"b"}`, "", ``},
		{"DELETE", "/api/delete", `{"model":"llama3.2"}`, "", ``},
		{"POST", "/api/embed", `{"model":"all-minilm","input":"a"}`, "application/json", `{"model":"all-minilm","embeddings":[[0.5]]}`},
		{"POST", "/api/chat", `{"model":"m","messages":[]}`, "application/x-ndjson", "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"done\":true}\n"},
		{"POST", "/api/chat", `{"model":"m","messages":[],"stream":false}`, "application/json", `{"message":{"content":"a"},"done":true}`},
		{"POST", "/api/generate", `{"model":"m","prompt":"a"}`, "application/x-ndjson", "{\"response\":\"a\",\"done\":true}\n"},
		{"POST", "/api/pull", `{"model":"m","stream":false}`, "application/json", `{"status":"success"}`},
	} {
		p, up := ollama(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.media != "" {
				w.Header().Set("Content-Type", c.media)
			}
			_, _ = io.WriteString(w, c.answer)
		})
		raw, err := own(t.Context(), p, c.method, c.path, c.body)
		if err != nil {
			t.Fatalf("%s %s: %v", c.method, c.path, err)
		}
		got, err := io.ReadAll(raw.Body)
		if err != nil || string(got) != c.answer || raw.StatusCode != http.StatusOK || raw.Header.Get("Content-Type") != c.media {
			t.Errorf("%s %s: got %d %q %q, %v", c.method, c.path, raw.StatusCode, raw.Header, got, err)
		}
		if sent := up.Received()[0]; sent.Method != c.method || sent.Path != c.path || string(sent.Body) != c.body {
			t.Errorf("%s %s: sent %s %s %s", c.method, c.path, sent.Method, sent.Path, sent.Body)
		}
	}
}

func TestThePullOfAModelTellsItsProgressLineByLine(t *testing.T) {
	next := make(chan struct{}, 1)
	p, _ := ollama(t, lines(next, manifest, layer, success))
	next <- struct{}{} // a call returns with the first bytes
	raw, err := own(t.Context(), p, http.MethodPost, "/api/pull", `{"model":"llama3.2"}`)
	if err != nil {
		t.Fatal(err)
	}
	progress := bufio.NewReader(raw.Body)
	for i, want := range []string{manifest, layer, success} {
		if i > 0 {
			next <- struct{}{} // only now is the line written: one that waits for more would hang
		}
		if got, err := progress.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if _, err := progress.ReadByte(); err != io.EOF {
		t.Fatalf("after the end: %v", err)
	}
}

func TestAnErrorAmongTheProgressOfAPullIsTheCallers(t *testing.T) {
	p, _ := ollama(t, lines(nil, manifest, layer, failed))
	raw, err := own(t.Context(), p, http.MethodPost, "/api/pull", `{"model":"llama3.2"}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(raw.Body); err != nil || string(got) != manifest+layer+failed {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestAPullThatIsRefusedIsAnError(t *testing.T) {
	p, _ := ollama(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"error":"model \"x\" not found"}`)
	})
	_, err := own(t.Context(), p, http.MethodPost, "/api/pull", `{"model":"x"}`)
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindNotFound || e.StatusCode != 404 || !strings.Contains(string(e.Upstream.Body), "not found") {
		t.Fatalf("got %v", err)
	}
}

func TestAPullThatBreaksOffIsAnErrorOfItsBody(t *testing.T) {
	p, _ := ollama(t, func(w http.ResponseWriter, r *http.Request) {
		lines(nil, manifest)(w, r)
		panic(http.ErrAbortHandler)
	})
	raw, err := own(t.Context(), p, http.MethodPost, "/api/pull", `{"model":"x"}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(raw.Body)
	if !errors.Is(err, schemas.ErrUpstream) || string(got) != manifest {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestAPullThatIsCanceledEndsAtTheServer(t *testing.T) {
	for _, way := range []string{"context", "close"} {
		left := make(chan struct{})
		p, _ := ollama(t, func(w http.ResponseWriter, r *http.Request) {
			lines(nil, manifest, layer)(w, r)
			<-r.Context().Done()
			close(left)
		})
		ctx, cancel := context.WithCancel(t.Context())
		raw, err := own(ctx, p, http.MethodPost, "/api/pull", `{"model":"llama3.2"}`)
		if err != nil {
			t.Fatal(err)
		}
		if way == "close" {
			if err := raw.Body.Close(); err != nil {
				t.Error(err)
			}
			<-left
			cancel()
			continue
		}
		progress := bufio.NewReader(raw.Body)
		for _, want := range []string{manifest, layer} {
			if got, err := progress.ReadString('\n'); err != nil || got != want {
				t.Fatalf("got %q, %v", got, err)
			}
		}
		cancel()
		if _, err := progress.ReadByte(); !errors.Is(err, schemas.ErrCanceled) {
			t.Errorf("got %v", err)
		}
		<-left
		_ = raw.Body.Close()
	}
}

func TestAModelOfOllamasWithADateOrSizeOfAnotherFormStaysInTheList(t *testing.T) {
	const list = `{"models":[
	{"name":"a","modified_at":"yesterday","size":"much","details":null},
	{"name":"b","modified_at":1746889608,"size":-1,"details":{"format":7,"family":["llama"],"context_length":"8192"}},
	{"model":"without a name"}, null,
	{"name":"jane/c","modified_at":"2025-05-04T17:37:44-07:00","size":2019393189.0,"details":{"family":"llama"}}]}`
	p, _ := ollama(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, list)
	})
	resp, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationListModels}})
	if err != nil {
		t.Fatal(err)
	}
	got := resp.Models.Data
	if len(got) != 3 || got[0].ID != "a" || got[0].Created != 0 || got[0].Files.Size != 0 || got[1].ID != "b" || got[1].Created != 0 || got[1].Files.Size != 0 ||
		got[2].ID != "jane/c" || got[2].Created != 1746405464 || got[2].Files.Size != 2019393189 || got[2].Files.Family != "llama" {
		t.Fatalf("got %+v", got)
	}
}
