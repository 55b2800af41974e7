package simulated_test

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

func embed(t *testing.T, u *simulated.Upstream, body string) schemas.EmbeddingResponse {
	t.Helper()
	a := do(t, u, &httpx.Request{Method: "POST", URL: "http://sim/embeddings", Body: []byte(body)})
	if a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	return decodeAs[schemas.EmbeddingResponse](t, a.body)
}

func TestEmbeddingsAreUnitVectorsByTextAndDimensionsInOrder(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	r := embed(t, u, `{"model":"e","input":["one two","three","one two"]}`)
	if r.Object != "list" || r.Model != "e" || len(r.Data) != 3 || r.Usage.PromptTokens != 5 || r.Usage.TotalTokens != 5 {
		t.Fatalf("%+v %+v", r, r.Usage)
	}
	for i, d := range r.Data {
		if d.Index != i || d.Object != "embedding" || len(d.Embedding) != 64 {
			t.Errorf("%d: %+v", i, d)
		}
		sum := 0.0
		for _, v := range d.Embedding {
			sum += v * v
		}
		if math.Abs(sum-1) > 1e-5 {
			t.Errorf("length %v", sum)
		}
	}
	if !slices.Equal(r.Data[0].Embedding, r.Data[2].Embedding) || slices.Equal(r.Data[0].Embedding, r.Data[1].Embedding) {
		t.Error("vectors must depend on the text, and on nothing else")
	}
	single := embed(t, simulated.New(schemas.SimulationConfig{Seed: 9}), `{"model":"x","input":"one two"}`)
	if !slices.Equal(single.Data[0].Embedding, r.Data[0].Embedding) {
		t.Error("an array of one and a string differ")
	}
	if n := len(embed(t, u, `{"model":"e","input":"a","dimensions":5}`).Data[0].Embedding); n != 5 {
		t.Errorf("%d dimensions", n)
	}
}

func TestEmbeddingsOfTokens(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	one := embed(t, u, `{"model":"e","input":[1,2,3]}`)
	many := embed(t, u, `{"model":"e","input":[[1,2,3],[12,3]]}`)
	if len(one.Data) != 1 || one.Usage.PromptTokens != 3 || len(many.Data) != 2 || many.Usage.PromptTokens != 5 {
		t.Errorf("%+v %+v", one.Usage, many.Usage)
	}
	if !slices.Equal(one.Data[0].Embedding, many.Data[0].Embedding) || slices.Equal(many.Data[0].Embedding, many.Data[1].Embedding) {
		t.Error("vectors must depend on the tokens, and on nothing else")
	}
}

func TestBase64EmbeddingsAreTheSameFloats(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	want := embed(t, u, `{"model":"e","input":"a"}`).Data[0].Embedding
	a := do(t, u, &httpx.Request{Method: "POST", URL: "http://sim/v1/embeddings",
		Body: []byte(`{"model":"e","input":"a","encoding_format":"base64"}`)})
	text := decodeAs[struct{ Data []struct{ Embedding string } }](t, a.body).Data[0].Embedding
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 4*len(want) {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	for i, v := range want {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); got != float32(v) {
			t.Errorf("%d: %v, want %v", i, got, v)
		}
	}
}

func TestModelListNamesTheConfiguredModels(t *testing.T) {
	names := []string{"a", "b/c"}
	u := simulated.New(schemas.SimulationConfig{Models: names})
	names[0] = "changed by the caller later"
	for cfg, want := range map[*simulated.Upstream]string{u: "a b/c", simulated.New(schemas.SimulationConfig{}): "sim-small sim-large"} {
		for _, path := range []string{"/v1/models", "/models"} {
			a := do(t, cfg, &httpx.Request{Method: "GET", URL: "http://sim" + path})
			list := decodeAs[schemas.ModelList](t, a.body)
			var got []string
			for _, m := range list.Data {
				if m.Object != "model" || m.OwnedBy == "" {
					t.Errorf("%+v", m)
				}
				got = append(got, m.ID)
			}
			if strings.Join(got, " ") != want || list.Object != "list" || a.status != 200 {
				t.Errorf("%v", list)
			}
		}
	}
}
