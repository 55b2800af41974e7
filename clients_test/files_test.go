package clients_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// shelf is a provider's server that keeps files and batches.
type shelf struct {
	mu    sync.Mutex
	files map[string]kept
}

// kept is one file.
type kept struct {
	name, purpose string
	content       []byte
}

// object is a file as the API tells it.
func (s *shelf) object(id string) string {
	f := s.files[id]
	return fmt.Sprintf(`{"id":%q,"object":"file","bytes":%d,"created_at":1,"filename":%q,"purpose":%q,"status":"processed"}`, id, len(f.content), f.name, f.purpose)
}

func (s *shelf) handler(t *testing.T) http.Handler {
	mux := http.NewServeMux()
	add := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+providerKey && r.Header.Get("Authorization") != "Bearer "+callerKey || r.Header.Get("X-Bifrost-Provider") != "" {
				t.Errorf("%s: got headers %v", pattern, r.Header)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			h(w, r)
		})
	}
	s.addFiles(add)
	const batch = `{"id":"batch_1","object":"batch","endpoint":"/v1/chat/completions","input_file_id":"file-1","completion_window":"24h","created_at":1,"status":%q}`
	add("POST /v1/batches", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			File string `json:"input_file_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || s.files[in.File].content == nil {
			http.Error(w, "no such file", http.StatusBadRequest)
			return
		}
		sendJSON(w, fmt.Sprintf(batch, "validating"))
	})
	add("GET /v1/batches", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, `{"object":"list","data":[`+fmt.Sprintf(batch, "in_progress")+`],"has_more":false}`)
	})
	add("GET /v1/batches/batch_1", func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, fmt.Sprintf(batch, "in_progress")) })
	add("POST /v1/batches/batch_1/cancel", func(w http.ResponseWriter, _ *http.Request) { sendJSON(w, fmt.Sprintf(batch, "cancelling")) })
	add("POST /v1/audio/transcriptions", func(w http.ResponseWriter, r *http.Request) {
		name, content := formFile(r, "file")
		sendJSON(w, fmt.Sprintf(`{"text":"%d %s %s"}`, len(content), name, r.FormValue("model")))
	})
	add("POST /v1/images/edits", func(w http.ResponseWriter, r *http.Request) {
		_, one := formFile(r, "image")
		sendJSON(w, fmt.Sprintf(`{"created":%d,"data":[{"revised_prompt":%q}]}`, len(one), r.FormValue("model")+" "+r.FormValue("prompt")))
	})
	add("GET /v1/responses/resp_1", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, `{"id":"resp_1","object":"response","status":"in_progress","output":[]}`)
	})
	add("POST /v1/responses/resp_1/cancel", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, `{"id":"resp_1","object":"response","status":"cancelled","output":[]}`)
	})
	add("DELETE /v1/responses/resp_1", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, `{"id":"resp_1","object":"response","deleted":true}`)
	})
	return mux
}

func (s *shelf) addFiles(add func(string, http.HandlerFunc)) {
	add("POST /v1/files", func(w http.ResponseWriter, r *http.Request) {
		id := fmt.Sprintf("file-%d", len(s.files)+1)
		name, content := formFile(r, "file")
		s.files[id] = kept{name, r.FormValue("purpose"), content}
		sendJSON(w, s.object(id))
	})
	add("GET /v1/files", func(w http.ResponseWriter, r *http.Request) {
		var all []string
		for id, f := range s.files {
			if f.purpose == r.URL.Query().Get("purpose") {
				all = append(all, s.object(id))
			}
		}
		slices.Sort(all)
		sendJSON(w, `{"object":"list","data":[`+strings.Join(all, ",")+`],"has_more":false}`)
	})
	add("GET /v1/files/{id}", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.files[r.PathValue("id")]; !ok {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"message":"No such File object","type":"invalid_request_error","param":"id","code":null}}`)
			return
		}
		sendJSON(w, s.object(r.PathValue("id")))
	})
	add("GET /v1/files/{id}/content", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="`+s.files[r.PathValue("id")].name+`"`)
		_, _ = w.Write(s.files[r.PathValue("id")].content)
	})
	add("DELETE /v1/files/{id}", func(w http.ResponseWriter, r *http.Request) {
		delete(s.files, r.PathValue("id"))
		sendJSON(w, fmt.Sprintf(`{"id":%q,"object":"file","deleted":true}`, r.PathValue("id")))
	})
}

// formFile reads a file of a form.
func formFile(r *http.Request, field string) (name string, content []byte) {
	f, head, err := r.FormFile(field)
	if err != nil {
		return "no file: " + err.Error(), nil
	}
	defer f.Close()
	content, _ = io.ReadAll(f)
	return head.Filename, content
}

// anything is content that looks like much else.
var anything = bytes.Repeat([]byte("data: {\"error\":\x00\xff}\r\n--\r\n\r\nmodel<!doctype html>"), 5000)

// keeping is a site whose provider keeps files.
func keeping() site {
	return site{upstream: func(t *testing.T) http.Handler { return (&shelf{files: map[string]kept{}}).handler(t) }}
}

func TestFilesAreKeptListedReadAndDeleted(t *testing.T) {
	keeping().each(t, func(t *testing.T, d *door) {
		files := d.sdk.Files
		f, err := files.New(t.Context(), openai.FileNewParams{File: openai.File(bytes.NewReader(anything), `ö "1".jsonl`, "application/jsonl"), Purpose: openai.FilePurposeBatch})
		if err != nil {
			t.Fatal(describe(err))
		}
		if f.ID != "file-1" || f.Bytes != int64(len(anything)) || f.Filename != `ö "1".jsonl` || f.Purpose != "batch" {
			t.Errorf("got %s", f.RawJSON())
		}
		page, err := files.List(t.Context(), openai.FileListParams{Purpose: openai.String("batch")})
		if err != nil || len(page.Data) != 1 || page.Data[0].ID != f.ID {
			t.Errorf("got %+v, %v", page, err)
		}
		if one, err := files.Get(t.Context(), f.ID); err != nil || one.RawJSON() != f.RawJSON() {
			t.Errorf("got %+v, %v", one, err)
		}
		resp, err := files.Content(t.Context(), f.ID)
		if err != nil {
			t.Fatal(describe(err))
		}
		defer resp.Body.Close()
		if content, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(content, anything) ||
			resp.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("got %d bytes, %v, %v", len(content), resp.Header, err)
		}
		if gone, err := files.Delete(t.Context(), f.ID); err != nil || !gone.Deleted {
			t.Errorf("got %+v, %v", gone, err)
		}
		_, err = files.Get(t.Context(), f.ID)
		if e := refusalOf(t, err); e.StatusCode != 404 || e.Param != "id" {
			t.Errorf("got %s", describe(err))
		}
	})
}

func TestABatchIsMadeReadListedAndCancelled(t *testing.T) {
	keeping().each(t, func(t *testing.T, d *door) {
		batches := d.sdk.Batches
		f, err := d.sdk.Files.New(t.Context(), openai.FileNewParams{File: strings.NewReader("{}"), Purpose: openai.FilePurposeBatch})
		if err != nil {
			t.Fatal(describe(err))
		}
		b, err := batches.New(t.Context(), openai.BatchNewParams{InputFileID: f.ID, Endpoint: openai.BatchNewParamsEndpointV1ChatCompletions,
			CompletionWindow: openai.BatchNewParamsCompletionWindow24h})
		if err != nil || b.Status != openai.BatchStatusValidating {
			t.Fatalf("got %+v, %v", b, err)
		}
		if b, err = batches.Get(t.Context(), b.ID); err != nil || b.Status != openai.BatchStatusInProgress {
			t.Fatalf("got %+v, %v", b, err)
		}
		list := batches.ListAutoPaging(t.Context(), openai.BatchListParams{})
		if !list.Next() || list.Current().ID != b.ID || list.Next() || list.Err() != nil {
			t.Errorf("got %v", list.Err())
		}
		if b, err = batches.Cancel(t.Context(), b.ID); err != nil || b.Status != openai.BatchStatusCancelling {
			t.Errorf("got %+v, %v", b, err)
		}
	})
}

func TestAResponseIsReadCancelledAndDeletedByItsID(t *testing.T) {
	keeping().each(t, func(t *testing.T, d *door) {
		r, err := d.sdk.Responses.Get(t.Context(), "resp_1", responses.ResponseGetParams{})
		if err != nil || r.Status != "in_progress" {
			t.Errorf("got %+v, %v", r, err)
		}
		if r, err = d.sdk.Responses.Cancel(t.Context(), "resp_1"); err != nil || r.Status != "cancelled" {
			t.Errorf("got %+v, %v", r, err)
		}
		if err := d.sdk.Responses.Delete(t.Context(), "resp_1"); err != nil {
			t.Error(describe(err))
		}
	})
}

func TestAnImageIsEdited(t *testing.T) {
	keeping().each(t, func(t *testing.T, d *door) {
		got, err := d.sdk.Images.Edit(t.Context(), openai.ImageEditParams{Model: d.model("dall-e-2"), Prompt: "a hat",
			Image: openai.ImageEditParamsImageUnion{OfFile: openai.File(bytes.NewReader(anything), "a.png", "image/png")}})
		if err != nil {
			t.Fatal(describe(err))
		}
		if got.Created != int64(len(anything)) || got.Data[0].RevisedPrompt != "dall-e-2 a hat" {
			t.Errorf("got %s", got.RawJSON())
		}
	})
}

// twoShelves is a gateway before two providers that keep files.
func twoShelves(t *testing.T) (base string, client *http.Client) {
	t.Helper()
	account := schemas.StaticAccount{}
	for _, name := range []string{"one", "two"} {
		address, _ := onLoopback(t, (&shelf{files: map[string]kept{}}).handler(t))
		account[name] = schemas.StaticProvider{Keys: []schemas.Key{{Value: providerKey}},
			Config: schemas.ProviderConfig{Type: "openai", NetworkConfig: schemas.NetworkConfig{BaseURL: address}}}
	}
	c, err := bifrost.Init(schemas.BifrostConfig{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, c) })
	return onLoopback(t, gateway.New(c, gateway.Options{}))
}

func TestWithSeveralProvidersTheHeaderSaysWhoseFilesAreMeant(t *testing.T) {
	base, client := twoShelves(t)
	sdk := newSDK(option.WithBaseURL(base+"/v1"), option.WithHTTPClient(client))
	_, err := sdk.Files.List(t.Context(), openai.FileListParams{})
	if e := refusalOf(t, err); e.StatusCode != 400 || !strings.Contains(e.Message, "X-Bifrost-Provider with one of: one, two") {
		t.Errorf("got %s", describe(err))
	}
	named := newSDK(option.WithBaseURL(base+"/v1"), option.WithHTTPClient(client), option.WithHeader("X-Bifrost-Provider", "two"))
	f, err := named.Files.New(t.Context(), openai.FileNewParams{File: bytes.NewReader(anything), Purpose: openai.FilePurposeBatch})
	if err != nil {
		t.Fatal(describe(err))
	}
	if _, err := named.Files.Get(t.Context(), f.ID); err != nil {
		t.Error(describe(err))
	}
	_, err = sdk.Files.Get(t.Context(), f.ID, option.WithHeader("X-Bifrost-Provider", "one"))
	if e := refusalOf(t, err); e.StatusCode != 404 {
		t.Errorf("got %s", describe(err))
	}
}

func TestTheSDKForNodeUploadsListsReadsAndDeletes(t *testing.T) {
	if _, err := os.Stat(filepath.Join(nodeFolder, "node_modules")); err != nil {
		t.Fatal("the SDKs for Node are not installed; run npm install in clients_test/node, as `make modules` does")
	}
	base, _ := twoShelves(t)
	cmd := exec.CommandContext(t.Context(), nodeBinary(), "files.mjs", base, "two", callerKey)
	cmd.Dir = nodeFolder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, exit.Stderr)
	}
	if err != nil || strings.TrimSpace(string(out)) != "all is well" {
		t.Fatalf("got %q, %v", out, err)
	}
}
