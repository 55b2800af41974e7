package simulated_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// In process, an Upstream takes the place of an HTTP client.
func ExampleUpstream_Do() {
	upstream := simulated.New(schemas.SimulationConfig{OutputTokens: 14})
	resp, err := upstream.Do(context.Background(), &httpx.Request{
		Method: http.MethodPost,
		URL:    "http://simulated/v1/chat/completions",
		Body:   []byte(`{"model":"sim-small","messages":[{"role":"user","content":"Who is there?"}]}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var answer schemas.ChatResponse
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, answer.Text())
	// Output: 200 This is a simulated answer to "Who is there?". Another seed tells these sentences.
}
