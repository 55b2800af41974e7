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
