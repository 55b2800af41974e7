package clients_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bifrost/schemas"
)

// post asks a column's server as a client with its key does.
func post(h http.Handler, path, key, body string) (status int, answer string) {
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	name, value, _ := strings.Cut(key, ": ")
	r.Header.Set(name, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	data, _ := io.ReadAll(w.Result().Body) // of memory
	return w.Code, string(data)
}

// TestTheServersOfTheColumnsRefuseWhatTheirServicesDo holds that a ✓ means something.
func TestTheServersOfTheColumnsRefuseWhatTheirServicesDo(t *testing.T) {
	c := schemas.SimulationConfig{OutputTokens: 24}
	bedrock, cohere := &bedrockServer{model: newMind(c)}, &cohereServer{model: newMind(c), signed: map[string]string{}}
	azure, vertex, ollama := azureServer{model: newMind(c)}, vertexServer{newMind(c)}, ollamaServer{model: newMind(c)}
	const (
		converse  = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
		embed     = "/model/cohere.embed-v4%3A0/invoke"
		deployed  = "/openai/deployments/" + azureDeployment + "/chat/completions?api-version=" + azureVersion
		generate  = vertexModels + "google/models/" + vertexGemini + ":generateContent"
		predict   = vertexModels + "anthropic/models/" + vertexClaude + ":rawPredict"
		ofBedrock = "Authorization: Bearer " + bedrockKey
		ofCohere  = "Authorization: Bearer " + cohereKey
		ofVertex  = "Authorization: Bearer " + vertexToken
		ofAzure   = "Api-Key: " + azureKey
		hi        = `{"role":"user","content":[{"text":"hi"}]}`
		used      = `{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"f","input":{}}}]}`
		tools     = `"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]}`
		claude    = `"anthropic_version":"vertex-2023-10-16","max_tokens":90,"messages":[{"role":"user","content":"hi"}]`
	)
	for _, q := range []struct {
		server         http.Handler
		path, key      string
		body, contains string
		status         int
	}{
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `]}`, `"stopReason":"end_turn"`, 200},
		{bedrock, converse, ofCohere, `{"messages":[` + hi + `]}`, "Authentication", 403},
		{bedrock, strings.Replace(converse, "%3A", ":", 1), ofBedrock, `{"messages":[` + hi + `]}`, "identifier", 400},
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `],"top_k":1}`, ".top_k", 400},
		{bedrock, converse, ofBedrock, `{"messages":[{"role":"user","content":[{"text":"hi","type":"text"}]}]}`, ".type", 400},
		{bedrock, converse, ofBedrock, `{"messages":[{"role":"user","content":[{"text":" "}]}]}`, "blank", 400},
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `,` + hi + `]}`, "alternate", 400},
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `,` + used + `]}`, "toolConfig field must be defined", 400},
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `,` + used + `,` + hi + `],` + tools + `}`, "Expected toolResult blocks", 400},
		{bedrock, converse, ofBedrock, `{"messages":[{"role":"user","content":[{"document":{"format":"pdf","name":"a.pdf","source":{"bytes":"aGk="}}},{"text":"x"}]}]}`, "document", 400},
		{bedrock, converse, ofBedrock, `{"messages":[{"role":"user","content":[{"document":{"format":"pdf","name":"a","source":{"bytes":"aGk="}}}]}]}`, "must have a text", 400},
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `],"inferenceConfig":{"temperature":1.5}}`, "temperature", 400},
		{bedrock, converse, ofBedrock, `{"messages":[` + hi + `,{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"x","signature":"y"}}},{"text":"a"}]},` + hi + `]}`, "signature", 400},
		{bedrock, embed, ofBedrock, `{"texts":["a"],"input_type":"search_document","encoding_format":"float"}`, "encoding_format", 400},
		{cohere, "/v2/chat", ofCohere, `{"model":"command-a-reasoning-08-2025","messages":[{"role":"user","content":"hi"}]}`, `"COMPLETE"`, 200},
		{cohere, "/v2/chat", ofCohere, `{"model":"command-a-reasoning-08-2025","messages":[{"role":"user","content":"hi"}],"top_p":1}`, ".top_p", 400},
		{cohere, "/v2/chat", ofCohere, `{"model":"command-a-reasoning-08-2025","messages":[{"role":"developer","content":"hi"}]}`, "role", 400},
		{cohere, "/v2/chat", ofCohere, `{"model":"command-a-reasoning-08-2025","messages":[{"role":"user","content":""}]}`, "1 token", 400},
		{cohere, "/v2/chat", ofCohere, `{"model":"another","messages":[{"role":"user","content":"hi"}]}`, "not found", 404},
		{cohere, "/v2/embed", ofCohere, `{"model":"embed-v4.0","texts":["a"],"embedding_types":["float"]}`, "input_type", 400},
		{cohere, "/v2/rerank", ofCohere, `{"model":"m","query":"b","documents":["a","b"],"top_n":1}`, `"results":[{"index":1,"relevance_score":1}]`, 200},
		{cohere, "/v2/rerank", ofCohere, `{"model":"m","query":"b","documents":["a"],"return_documents":true}`, "return_documents", 400},
		{azure, deployed, ofAzure, `{"messages":[{"role":"user","content":"hi"}]}`, `"stop"`, 200},
		{azure, deployed, ofCohere, `{"messages":[{"role":"user","content":"hi"}]}`, "subscription key", 401},
		{azure, deployed, ofAzure, `{"messages":[{"role":"user","content":"hi"}],"top_k":1}`, ".top_k", 400},
		{azure, strings.Replace(deployed, azureVersion, "2023-05-15", 1), ofAzure, `{"messages":[]}`, "not found", 404},
		{vertex, generate, ofVertex, `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`, `"STOP"`, 200},
		{vertex, generate, ofVertex, `{"contents":[{"role":"model","parts":[{"functionCall":{"id":"1","name":"f"}}]}]}`, ".id", 400},
		{vertex, generate, ofVertex, `{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}]}`, "equal to the number", 400},
		{vertex, predict, ofVertex, `{` + claude + `}`, `"end_turn"`, 200},
		{vertex, predict, ofVertex, `{` + claude + `,"model":"claude-sonnet-4-5"}`, ".model", 400},
		{vertex, predict, ofVertex, `{` + claude + `,"stream":true}`, "NOT_FOUND", 404},
		{ollama, "/v1/chat/completions", "", `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":1}`, `"stop"`, 200},
		{ollama, "/v1/chat/completions", "", `{"model":"m","messages":[{"role":"developer","content":"hi"}]}`, "role", 400},
		{ollama, "/v1/chat/completions", "", `{"model":"m","messages":[{"role":"user","content":[{"type":"file"}]}]}`, "format", 400},
	} {
		if status, answer := post(q.server, q.path, q.key, q.body); status != q.status || !strings.Contains(answer, q.contains) {
			t.Errorf("%s, %s: got %d %s", q.path, q.body, status, answer)
		}
	}
}
