package cohere

import (
	"encoding/json"
	"reflect"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAnEmbeddingIsAskedForAsDocumented(t *testing.T) {
	size := 256
	for name, c := range map[string]struct {
		input       []string
		user, extra string
		want        string
		dropped     []string
	}{
		"texts": {input: []string{"a", "b"}, want: `{"model":"embed-v4.0","texts":["a","b"],"embedding_types":["float"],"output_dimension":256,"input_type":"search_document"}`},
		"a purpose, and what is not known": {input: []string{"a"}, user: "u", extra: `{"input_type":"search_query","truncate":"NONE","encoding_format":"base64","x":1}`,
			want: `{"model":"embed-v4.0","texts":["a"],"embedding_types":["float"],"output_dimension":256,"input_type":"search_query","truncate":"NONE"}`, dropped: []string{"user", "x"}},
		"another type": {input: []string{"a"}, extra: `{"embedding_types":["int8"]}`,
			want: `{"model":"embed-v4.0","texts":["a"],"embedding_types":["int8"],"output_dimension":256,"input_type":"search_document"}`},
		"images": {extra: `{"images":["data:image/png;base64,AAAA"]}`,
			want: `{"model":"embed-v4.0","embedding_types":["float"],"output_dimension":256,"input_type":"image","images":["data:image/png;base64,AAAA"]}`},
		"mixed inputs": {extra: `{"inputs":[{"content":[{"type":"text","text":"a"}]}]}`,
			want: `{"model":"embed-v4.0","embedding_types":["float"],"output_dimension":256,"input_type":"search_document","inputs":[{"content":[{"type":"text","text":"a"}]}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			req := &schemas.EmbeddingRequest{Input: c.input, Dimensions: &size, User: c.user}
			if c.extra != "" {
				if err := json.Unmarshal([]byte(c.extra), &req.Extra); err != nil {
					t.Fatal(err)
				}
			}
			call, dropped, err := Codec{}.Encode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: "embed-v4.0", Embedding: req})
			if err != nil || call.Path != PathEmbed || !reflect.DeepEqual(dropped, c.dropped) {
				t.Fatalf("dropped %v, %v", dropped, err)
			}
			dialecttest.SameJSON(t, call.Body, []byte(c.want))
		})
	}
}

func TestAnEmbeddingOfNothingOrOfTwoTypesIsRefused(t *testing.T) {
	_, _, err := EncodeEmbedding(&schemas.EmbeddingRequest{}, "m")
	wantKind(t, err, schemas.KindInvalidRequest)
	for _, types := range []string{`["float","int8"]`, `[]`, `"float"`, `null`} {
		_, _, err = EncodeEmbedding(&schemas.EmbeddingRequest{Input: []string{"a"}, Extra: map[string]json.RawMessage{"embedding_types": []byte(types)}}, "m")
		wantKind(t, err, schemas.KindInvalidRequest)
	}
}

func TestEmbeddingsOfEveryTypeAreRead(t *testing.T) {
	for body, want := range map[string][][]float64{
		string(dialecttest.Golden(t, "embed.json")):                  {{0.016296387, -0.008354187}, {-0.04699707, 1}},
		`{"embeddings":{"int8":[[-128,127]],"float":null}}`:          {{-128, 127}},
		`{"embeddings":{"ubinary":[[255]]}}`:                         {{255}},
		`{"embeddings":{"base64":["AACAPwAAAMA="]}}`:                 {{1, -2}},
		`{"embeddings":[[0.5]],"response_type":"embeddings_floats"}`: {{0.5}},
	} {
		resp, err := Codec{}.Decode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: "m"}, nil, []byte(body), "")
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var got [][]float64
		for i, d := range resp.Embedding.Data {
			if d.Index != i {
				t.Errorf("%s: vector %d has index %d", body, i, d.Index)
			}
			got = append(got, d.Embedding)
		}
		if !reflect.DeepEqual(got, want) || resp.Embedding.Model != "m" {
			t.Errorf("%s: got %v", body, got)
		}
	}
	resp, err := decodeEmbedding(dialecttest.Golden(t, "embed.json"), "m")
	if want := (schemas.Usage{PromptTokens: 7, TotalTokens: 7}); err != nil || *resp.Usage != want {
		t.Fatalf("got %+v, %v", resp.Usage, err)
	}
	for _, bad := range []string{`{}`, `{"embeddings":{"base64":["!"]}}`, `{"embeddings":{"float":"x"}}`, `{"embeddings":{}}`, `{"embeddings":3}`} {
		_, err := decodeEmbedding([]byte(bad), "m")
		wantKind(t, err, schemas.KindUpstream)
	}
}

func TestARankingIsAskedForAndReadAsDocumented(t *testing.T) {
	two, yes := 2, true
	req := &schemas.Request{Operation: schemas.OperationRerank, Model: "rerank-v3.5", Rerank: &schemas.RerankRequest{Query: "q", Documents: []string{"a", "b"},
		TopN: &two, ReturnDocuments: &yes, Extra: map[string]json.RawMessage{"max_tokens_per_doc": []byte("9"), "x": []byte("1")}}}
	call, dropped, err := Codec{}.Encode(req)
	if err != nil || call.Path != PathRerank || !reflect.DeepEqual(dropped, []string{"x"}) {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, call.Body, []byte(`{"model":"rerank-v3.5","query":"q","documents":["a","b"],"top_n":2,"max_tokens_per_doc":9}`))
	resp, err := Codec{}.Decode(req, nil, dialecttest.Golden(t, "rerank.json"), "")
	want := []schemas.RerankResult{{Index: 1, RelevanceScore: 0.999071, Document: "b"}, {Index: 0, RelevanceScore: 0.32713068, Document: "a"}}
	if err != nil || !reflect.DeepEqual(resp.Rerank.Results, want) || resp.Rerank.ID == "" || resp.Rerank.Usage != nil {
		t.Fatalf("got %+v, %v", resp.Rerank, err)
	}
	req.Rerank.ReturnDocuments = nil
	if resp, err = (Codec{}).Decode(req, nil, []byte(`{"results":[{"index":7,"relevance_score":1}]}`), ""); err != nil || resp.Rerank.Results[0].Document != "" {
		t.Fatalf("got %+v, %v", resp, err)
	}
	_, err = Codec{}.Decode(req, nil, []byte(`{"id":"x"}`), "")
	wantKind(t, err, schemas.KindUpstream)
}
