package bedrock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"bifrost/internal/dialect/bedrock"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// mustBeOurs fails unless err is nil or an *schemas.Error.
func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	var e *schemas.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("an error of another type: %v", err)
	}
}

func FuzzEncodeRequest(f *testing.F) {
	f.Add(claude, []byte(read(f, "chat_request.json")))
	f.Add("amazon.nova-lite-v1:0", []byte(`{"model":"m","messages":[{"role":"user","content":"hi"}],"reasoning_effort":"low"}`))
	f.Fuzz(func(t *testing.T, model string, data []byte) {
		chat, _, err := openai.DecodeChat(data)
		if err != nil {
			return
		}
		for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationCountTokens} {
			call, _, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: op, Model: model, Chat: chat})
			mustBeOurs(t, err)
			if err == nil && !json.Valid(call.Body) {
				t.Fatalf("%s: not json: %s", op, call.Body)
			}
		}
	})
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, name := range []string{"chat_answer.json", "count_answer.json", "embedding_titan_answer.json", "embedding_cohere_answer.json",
		"embedding_cohere_by_type_answer.json"} {
		f.Add("9", []byte(read(f, name)))
	}
	f.Fuzz(func(t *testing.T, tokens string, data []byte) {
		for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationCountTokens, schemas.OperationEmbeddings} {
			resp, err := bedrock.Codec{}.Decode(&schemas.Request{Operation: op, Model: "m"},
				http.Header{"X-Amzn-Bedrock-Input-Token-Count": {tokens}}, data, "key")
			mustBeOurs(t, err)
			if err != nil {
				continue
			}
			if !resp.Answers(op) {
				t.Fatalf("%s: neither an answer nor an error", op)
			}
			if _, err := json.Marshal(resp); err != nil {
				t.Fatalf("%s: %v", op, err)
			}
		}
	})
}

func FuzzEncodeEmbedding(f *testing.F) {
	f.Add("amazon.titan-embed-text-v2:0", "the tide is out", "normalize", []byte("true"))
	f.Add("cohere.embed-v4:0", "", "input_type", []byte(`"search_query"`))
	f.Fuzz(func(t *testing.T, model, text, name string, value []byte) {
		call, _, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: model,
			Embedding: &schemas.EmbeddingRequest{Input: []string{text}, Extra: map[string]json.RawMessage{name: value}}})
		mustBeOurs(t, err)
		if err == nil && !json.Valid(call.Body) {
			t.Fatalf("not json: %s", call.Body)
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(429, "ThrottlingException:http://internal.amazon.com/coral/", []byte(`{"message":"of sk-invented/1"}`))
	f.Add(400, "", []byte(`{"__type":"com.amazon.coral.service#ValidationException","message":"m"}`))
	f.Fuzz(func(t *testing.T, status int, name string, data []byte) {
		const key = "sk-invented/1"
		e := bedrock.Codec{}.Failure(status, http.Header{"X-Amzn-Errortype": {name}}, data, key)
		if e == nil || e.Kind == "" || bytes.Contains(e.Upstream.Body, []byte(key)) {
			t.Fatalf("got %+v", e)
		}
		var within *schemas.Error
		if err := (bedrock.Codec{}).FailureWithin(data, key); err != nil && (!errors.As(err, &within) || bytes.Contains(within.Upstream.Body, []byte(key))) {
			t.Fatalf("got %v", err)
		}
	})
}
