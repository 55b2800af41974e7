package openai

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestVectorsAreReadFromNumbersAndFromBase64(t *testing.T) {
	resp, err := DecodeEmbeddingResponse(dialecttest.Golden(t, "embeddings.json"), "")
	if err != nil || len(resp.Data) != 2 || resp.Usage.PromptTokens != 8 {
		t.Fatalf("got %+v, %v", resp, err)
	}
	for i, d := range resp.Data {
		if d.Index != i || !slices.Equal(d.Embedding, []float64{0.5, -1, 2}) {
			t.Errorf("got %+v", d)
		}
	}
	for _, bad := range []string{`"AAA"`, `"!!!!"`, `{}`} {
		if _, err := DecodeEmbeddingResponse([]byte(`{"data":[{"embedding":`+bad+`}]}`), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestAnEmbeddingRequestSurvivesDecodingAndEncoding(t *testing.T) {
	req, err := DecodeEmbedding([]byte(`{"model":"m","input":"hi","dimensions":3,"encoding_format":"base64"}`))
	if err != nil || len(req.Extra) != 1 {
		t.Fatalf("got %+v, %v", req, err)
	}
	req.Extra["input"] = json.RawMessage(`"other"`)
	got, err := EncodeEmbedding(req, "x")
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, []byte(`{"model":"x","input":["hi"],"dimensions":3,"encoding_format":"base64"}`))
	for _, bad := range []string{`{}`, `{"model":"m"}`, `{"model":"m","input":[]}`, `{"model":"m","input":[1,2]}`} {
		if _, err := DecodeEmbedding([]byte(bad)); !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

// TestVectorsAreTextForAClientThatHasAskedForBase64 is of what SDKs for Node do unless they
// are told otherwise.
func TestVectorsAreTextForAClientThatHasAskedForBase64(t *testing.T) {
	resp := &schemas.Response{Embedding: &schemas.EmbeddingResponse{Model: "m", Usage: &schemas.Usage{TotalTokens: 2},
		Data: []schemas.Embedding{{Index: 0, Embedding: []float64{0.5, -1, 2}}, {Index: 1}}}}
	for format, want := range map[string]string{"base64": `"AAAAPwAAgL8AAABA"`, "float": `[0.5,-1,2]`, "": `[0.5,-1,2]`} {
		empty := `""`
		if format != "base64" {
			empty = `[]`
		}
		call, err := Surface{}.Translate(&schemas.RawRequest{Path: PathEmbeddings, Body: []byte(`{"model":"m","input":["a","b"],"encoding_format":"` + format + `"}`)})
		if err != nil {
			t.Fatal(err)
		}
		_, body, err := call.Encode(resp)
		if err != nil {
			t.Fatal(err)
		}
		dialecttest.SameJSON(t, body, []byte(`{"object":"list","model":"m","usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":2},"data":[`+
			`{"object":"embedding","index":0,"embedding":`+want+`},{"object":"embedding","index":1,"embedding":`+empty+`}]}`))
		if again, err := DecodeEmbeddingResponse(body, ""); err != nil || !slices.Equal(again.Data[0].Embedding, []float64{0.5, -1, 2}) {
			t.Errorf("%s: read again as %+v, %v", format, again, err)
		}
	}
}

func TestEncodedListsNameTheirObjectsAndAreNeverNull(t *testing.T) {
	got, err := EncodeEmbeddingResponse(&schemas.EmbeddingResponse{Data: []schemas.Embedding{{}}})
	if err != nil || !strings.Contains(string(got), `"object":"list","data":[{"object":"embedding","index":0,"embedding":[]}]`) {
		t.Fatalf("got %s, %v", got, err)
	}
	got, err = EncodeModels(&schemas.ModelList{})
	if err != nil || string(got) != `{"object":"list","data":[]}` {
		t.Fatalf("got %s, %v", got, err)
	}
}

func TestModelsAreReadFromAListAndFromABareArray(t *testing.T) {
	list, err := DecodeModels(dialecttest.Golden(t, "models.json"), "")
	if err != nil || len(list.Data) != 2 || list.Data[0] != (schemas.Model{ID: "gpt-4o-mini", Object: "model", Created: 1721172741, OwnedBy: "system"}) {
		t.Fatalf("got %+v, %v", list, err)
	}
	got, err := EncodeModels(list)
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, dialecttest.Golden(t, "models.json"))
	list, err = DecodeModels(dialecttest.Golden(t, "models_together_array.json"), "")
	if err != nil || len(list.Data) != 2 || list.Data[0].Created != 1721172741 || list.Data[1].ID != "c/d" {
		t.Fatalf("got %+v, %v", list, err)
	}
}
