package providers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

const (
	geminiModel = "gemini-2.5-flash"
	atGoogle    = "/v1/projects/p-1/locations/global/publishers/google/models/"
)

// geminiAtVertex shows the calls that are right at Vertex AI as Gemini's own API has
// them.
func geminiAtVertex(good http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // read before
		r.Body = io.NopCloser(bytes.NewReader(body))
		rest, ok := strings.CutPrefix(r.URL.Path, atGoogle)
		if !ok || gjson.GetBytes(body, "generateContentRequest").Exists() || r.Header.Get("X-Goog-Api-Key") != "" {
			http.Error(w, "no such path or field, or two credentials", http.StatusNotFound)
			return
		}
		r.URL.Path = "/v1beta/models/" + rest
		good(w, r)
	}
}

func TestVertexWithGeminiPassesTheConformanceSuite(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		up := providertest.NewUpstream(t)
		return providertest.Fixture{Provider: vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1"}), Upstream: up, Key: key, Model: geminiModel,
			Lacks: []schemas.Operation{schemas.OperationEmbeddings}, Routed: geminiAtVertex}
	})
}

func TestAVertexModelMayBeNamedInAnyOfItsWays(t *testing.T) {
	for model, want := range map[string]string{
		geminiModel:             atGoogle + geminiModel,
		"google/" + geminiModel: atGoogle + geminiModel,
		"publishers/google/models/" + geminiModel: atGoogle + geminiModel,
		"endpoints/123": "/v1/projects/p-1/locations/global/endpoints/123",
	} {
		up := providertest.NewUpstream(t)
		up.Script(goodGemini)
		chat := &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
		p := vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1"})
		if _, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationChat, Model: model, Chat: chat}}); err != nil {
			t.Fatal(err)
		}
		if got := up.Received()[0].Path; got != want+":generateContent" {
			t.Errorf("%s: called %s", model, got)
		}
	}
}

// vectors asks Vertex AI for the vectors of two texts.
func vectors(t *testing.T, up *providertest.Upstream, model string, extra schemas.EmbeddingRequest) (*schemas.Response, error) {
	extra.Input = schemas.Strings{"one", "two"}
	return vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1"}).Call(t.Context(), &schemas.Attempt{Key: key,
		Request: &schemas.Request{Operation: schemas.OperationEmbeddings, Model: model, Embedding: &extra}})
}

func TestVertexGivesVectorsByPredict(t *testing.T) {
	up := providertest.NewUpstream(t)
	up.Script(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"predictions":[{"embeddings":{"values":[0.5],"statistics":{"token_count":2,"truncated":false}}},`+
			`{"embeddings":{"values":[1],"statistics":{"token_count":3}}}]}`)
	})
	size := 1
	resp, err := vectors(t, up, "text-embedding-005", schemas.EmbeddingRequest{Dimensions: &size, User: "u",
		Extra: map[string]json.RawMessage{"task_type": json.RawMessage(`"RETRIEVAL_QUERY"`)}})
	if err != nil {
		t.Fatal(err)
	}
	got := up.Received()[0]
	const want = `{"instances":[{"content":"one","task_type":"RETRIEVAL_QUERY"},{"content":"two","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":1}}`
	if got.Path != atGoogle+"text-embedding-005:predict" || string(got.Body) != want {
		t.Errorf("sent %s %s", got.Path, got.Body)
	}
	if e := resp.Embedding; len(e.Data) != 2 || e.Data[1].Index != 1 || e.Data[1].Embedding[0] != 1 || e.Usage.PromptTokens != 5 {
		t.Errorf("got %+v", e)
	}
}

func TestAnAnswerOfPredictWithoutVectorsIsAnError(t *testing.T) {
	for _, body := range []string{`{}`, `{"predictions":[{}]}`, `{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}`, `[`} {
		up := providertest.NewUpstream(t)
		up.Script(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		})
		if _, err := vectors(t, up, "google/text-embedding-005", schemas.EmbeddingRequest{}); err == nil || up.Received()[0].Path != atGoogle+"text-embedding-005:predict" {
			t.Errorf("%s was taken for vectors", body)
		}
	}
}

func TestAModelThatTakesOneTextIsNotSentTwo(t *testing.T) {
	up := providertest.NewUpstream(t)
	if _, err := vectors(t, up, "gemini-embedding-001", schemas.EmbeddingRequest{}); !errors.Is(err, schemas.ErrInvalidRequest) || len(up.Received()) > 0 {
		t.Errorf("got %v", err)
	}
}

// A token may be revoked before its end.
func TestATokenThatIsRefusedIsFetchedAnew(t *testing.T) {
	up := providertest.NewUpstream(t)
	given := 0
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		given++
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, given)
	}))
	defer tokens.Close()
	file := filepath.Join(t.TempDir(), "user.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, `{"type":"external_account_authorized_user","audience":"a","refresh_token":"r","client_id":"c","client_secret":"s","token_url":%q}`, tokens.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	p := vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1", CredentialsFile: file})
	ask := func() error {
		_, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationChat, Model: geminiModel,
			Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
		return err
	}
	up.Script(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "revoked", http.StatusUnauthorized) })
	if err := ask(); !errors.Is(err, schemas.ErrUnauthorized) || given != 1 {
		t.Fatalf("got %v after %d tokens", err, given)
	}
	up.Script(goodGemini)
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if got := up.Received()[1].Header.Get("Authorization"); got != "Bearer token-2" {
		t.Errorf("sent %s", got)
	}
}

func TestAModelOfVectorsAnswersNoChat(t *testing.T) {
	up := providertest.NewUpstream(t)
	p := vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1"})
	for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationCountTokens} {
		_, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: op, Model: "text-embedding-005",
			Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
		if !errors.Is(err, schemas.ErrUnsupportedOperation) || len(up.Received()) > 0 {
			t.Errorf("%s: got %v", op, err)
		}
	}
}

func TestWhatVertexHasNotIsRefusedWithoutACall(t *testing.T) {
	up := providertest.NewUpstream(t)
	p := vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1"})
	for _, path := range []string{"/models/m:batchEmbedContents", "/cachedContents", "/models/m"} {
		_, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationRaw, Model: "m",
			Raw: &schemas.RawRequest{Method: http.MethodPost, Path: path, Body: []byte(`{}`), Header: http.Header{}}}})
		if err == nil || len(up.Received()) > 0 {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
