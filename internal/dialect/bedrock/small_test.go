package bedrock_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"bifrost/internal/dialect/bedrock"
	"bifrost/schemas"
)

// embeddings are requests for vectors, by the name of their files and their model.
var embeddings = []struct {
	name, model string
	req         schemas.EmbeddingRequest
	header      http.Header
	dropped     []string
}{
	{"titan", "amazon.titan-embed-text-v2:0", schemas.EmbeddingRequest{Input: []string{"the tide is out"}, Dimensions: number(256), User: "user-1",
		Extra: map[string]json.RawMessage{"normalize": json.RawMessage("true"), "inputText": json.RawMessage(`"another"`)}}, nil, []string{"user"}},
	{"cohere", "cohere.embed-v4:0", schemas.EmbeddingRequest{Input: []string{"the tide is out", "the fog is in"}, Dimensions: number(512),
		Extra: map[string]json.RawMessage{"input_type": json.RawMessage(`"search_query"`), "truncate": json.RawMessage(`"END"`),
			"encoding_format": json.RawMessage(`"base64"`)}},
		http.Header{"X-Amzn-Bedrock-Input-Token-Count": {"9"}}, nil},
	{"cohere_by_type", "cohere.embed-english-v3", schemas.EmbeddingRequest{Input: []string{"the tide is out"},
		Extra: map[string]json.RawMessage{"embedding_types": json.RawMessage(`["float"]`)}}, nil, nil},
}

func number(n int) *int { return &n }

func TestVectorsAreAskedForAndReadAsTheGoldenFilesHaveThem(t *testing.T) {
	for _, c := range embeddings {
		t.Run(c.name, func(t *testing.T) {
			req := &schemas.Request{Operation: schemas.OperationEmbeddings, Model: c.model, Embedding: &c.req}
			call, dropped, err := bedrock.Codec{}.Encode(req)
			if err != nil || !slices.Equal(dropped, c.dropped) {
				t.Fatalf("dropped %v, %v", dropped, err)
			}
			if want := bedrock.ModelPath(c.model, "/invoke"); call.Path != want {
				t.Errorf("the path is %s, want %s", call.Path, want)
			}
			golden(t, "embedding_"+c.name+"_wire.json", json.RawMessage(call.Body))
			resp, err := bedrock.Codec{}.Decode(req, c.header, []byte(read(t, "embedding_"+c.name+"_answer.json")), "")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "embedding_"+c.name+"_canonical.json", resp.Embedding)
		})
	}
}

func TestACountOfTokensIsAskedForAndReadAsTheGoldenFilesHaveIt(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationCountTokens, Model: claude, Chat: chatOf(t, read(t, "chat_request.json"))}
	call, _, err := bedrock.Codec{}.Encode(req)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "count_wire.json", json.RawMessage(call.Body))
	resp, err := bedrock.Codec{}.Decode(req, nil, []byte(read(t, "count_answer.json")), "")
	if err != nil || resp.Tokens.InputTokens != 241 {
		t.Errorf("got %+v, %v", resp, err)
	}
}
