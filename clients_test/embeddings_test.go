package clients_test

import (
	"math"
	"slices"
	"testing"

	"github.com/openai/openai-go/v3"
)

func (d *door) embed(t *testing.T, format openai.EmbeddingNewParamsEncodingFormat, input ...string) *openai.CreateEmbeddingResponse {
	t.Helper()
	answer, err := d.sdk.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: d.model("sim-embed"), EncodingFormat: format, Dimensions: openai.Int(24),
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: input},
	})
	if err != nil {
		t.Fatal(describe(err))
	}
	return answer
}

func TestEmbeddingsAreTheSameAsFloatsAndAsBase64(t *testing.T) {
	inputs := []string{"alpha", "beta gamma", "alpha"}
	site{}.each(t, func(t *testing.T, d *door) {
		floats := d.embed(t, openai.EmbeddingNewParamsEncodingFormatFloat, inputs...)
		packed := d.embed(t, openai.EmbeddingNewParamsEncodingFormatBase64, inputs...)
		if floats.Object != "list" || floats.Model != "sim-embed" || floats.Usage.TotalTokens != 4 || len(floats.Data) != len(inputs) {
			t.Fatalf("got %s", floats.RawJSON())
		}
		for i, e := range floats.Data {
			if e.Index != int64(i) || e.Object != "embedding" || len(e.Embedding) != 24 || math.Abs(length(e.Embedding)-1) > 1e-3 {
				t.Errorf("embedding %d is %s", i, e.RawJSON())
			}
			if raw := packed.Data[i].JSON.Embedding.Raw(); raw[0] != '"' {
				t.Errorf("asked for base64, got %.20s", raw)
			}
			if !closeTo(e.Embedding, packed.Data[i].Embedding) {
				t.Errorf("embedding %d is %v as floats and %v as base64", i, e.Embedding, packed.Data[i].Embedding)
			}
		}
		if !slices.Equal(floats.Data[0].Embedding, floats.Data[2].Embedding) || slices.Equal(floats.Data[0].Embedding, floats.Data[1].Embedding) {
			t.Error("the embeddings are not in the order of their inputs")
		}
	})
}

func TestEmbeddingOfOneStringOrOfTokensIsAnswered(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		for name, input := range map[string]openai.EmbeddingNewParamsInputUnion{
			"a string": {OfString: openai.String("alpha")},
			"tokens":   {OfArrayOfTokens: []int64{1, 2, 3}},
		} {
			answer, err := d.sdk.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: d.model("sim-embed"), Input: input})
			if err != nil {
				t.Fatalf("%s: %s", name, describe(err))
			}
			if len(answer.Data) != 1 || len(answer.Data[0].Embedding) != 64 {
				t.Errorf("%s: got %s", name, answer.RawJSON())
			}
		}
	})
}

func length(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}

// closeTo compares vectors of 32-bit floats, one of them read from decimals.
func closeTo(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return float32(x) == float32(y) })
}
