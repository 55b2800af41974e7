package bedrock_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"bifrost/internal/dialect/bedrock"
	"bifrost/schemas"
)

func TestAnExceptionsNameSaysMoreThanItsStatus(t *testing.T) {
	for _, c := range []struct {
		status     int
		name, body string
		want       schemas.ErrorKind
	}{
		{429, "ThrottlingException:http://internal.amazon.com/coral/", `{"message":"m"}`, schemas.KindRateLimited},
		{400, "ServiceQuotaExceededException", `{"message":"m"}`, schemas.KindRateLimited},
		{424, "ModelErrorException", `{"message":"m"}`, schemas.KindUpstream},
		{429, "ModelNotReadyException", `{"message":"m"}`, schemas.KindUpstream},
		{400, "", `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"m"}`, schemas.KindUnauthorized},
		{403, "", `{"message":"m"}`, schemas.KindUnauthorized},
		{400, "ValidationException", `{"message":"m"}`, schemas.KindInvalidRequest},
		{503, "UnheardOfException", ``, schemas.KindUpstream},
	} {
		e := bedrock.Codec{}.Failure(c.status, http.Header{"X-Amzn-Errortype": {c.name}}, []byte(c.body), "")
		if e.Kind != c.want || e.StatusCode != c.status || e.Upstream.Dialect != schemas.DialectBedrock {
			t.Errorf("%d %s: got %+v", c.status, c.name, e)
		}
	}
}

func TestASuccessThatIsAnErrorIsFound(t *testing.T) {
	for body, want := range map[string]error{
		`{"__type":"ThrottlingException","message":"m"}`:                                             schemas.ErrRateLimited,
		`{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}`: schemas.ErrUpstream,
		`{"message":"m"}`: schemas.ErrUpstream,
		`{"output":{"message":{"role":"assistant","content":[]}}}`: nil,
		`{"inputTokens":1}`: nil,
	} {
		if err := (bedrock.Codec{}).FailureWithin([]byte(body), ""); !errors.Is(err, want) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestEmbeddingsOfTitanAndCohereAreCarried(t *testing.T) {
	for model, c := range map[string]struct{ sent, answer string }{
		"amazon.titan-embed-text-v2:0": {`{"inputText":"a","dimensions":2,"normalize":true}`, `{"embedding":[0.5,1],"inputTextTokenCount":3}`},
		"cohere.embed-v4:0": {`{"texts":["a"],"input_type":"search_query","output_dimension":2,"normalize":true}`,
			`{"embeddings":{"float":[[0.5,1]]},"id":"i","texts":["a"]}`},
		"cohere.embed-english-v3": {`{"texts":["a"],"input_type":"search_query","output_dimension":2,"normalize":true}`, `{"embeddings":[[0.5,1]]}`},
	} {
		two := 2
		req := &schemas.Request{Operation: schemas.OperationEmbeddings, Model: model, Embedding: &schemas.EmbeddingRequest{Input: []string{"a"},
			Dimensions: &two, Extra: map[string]json.RawMessage{"normalize": json.RawMessage("true"), "encoding_format": json.RawMessage(`"base64"`)}}}
		if model != "amazon.titan-embed-text-v2:0" {
			req.Embedding.Extra["input_type"] = json.RawMessage(`"search_query"`)
		}
		call, _, err := bedrock.Codec{}.Encode(req)
		if err != nil || string(call.Body) != c.sent {
			t.Errorf("%s: sent %s, %v", model, call.Body, err)
		}
		resp, err := bedrock.Codec{}.Decode(req, http.Header{"X-Amzn-Bedrock-Input-Token-Count": {"3"}}, []byte(c.answer), "")
		if err != nil || len(resp.Embedding.Data) != 1 || resp.Embedding.Data[0].Embedding[1] != 1 || resp.Embedding.Usage.PromptTokens != 3 {
			t.Errorf("%s: got %+v, %v", model, resp, err)
		}
	}
	for model, input := range map[string][]string{"amazon.titan-embed-text-v2:0": {"a", "b"}, "m": {"a"}} {
		_, _, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: model, Embedding: &schemas.EmbeddingRequest{Input: input}})
		if !errors.Is(err, schemas.ErrUnsupportedOperation) {
			t.Errorf("%s: got %v", model, err)
		}
	}
}
