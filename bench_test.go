package bifrost_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

const benchAnswer = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,` +
	`"message":{"role":"assistant","content":"Hello there."},"finish_reason":"stop"}],` +
	`"usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}}`

const benchBody = `{"model":"m","messages":[{"role":"user","content":"Hello"}]}`

// BenchmarkCall measures a call over loopback HTTP to an upstream that answers at
// once: typed, through Transport, and directly with net/http.
func BenchmarkCall(b *testing.B) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, benchAnswer)
	}))
	defer upstream.Close()
	client := benchClient(b, upstream.URL, 100)
	b.Run("typed", func(b *testing.B) {
		req := &schemas.ChatRequest{Provider: "openai", Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("Hello")}}
		parallel(b, func() error {
			_, err := client.ChatCompletionRequest(context.Background(), req)
			return err
		})
	})
	b.Run("transport", func(b *testing.B) {
		through := &http.Client{Transport: client.Transport("openai")}
		parallel(b, func() error { return post(through, "http://any/v1/chat/completions") })
	})
	b.Run("direct", func(b *testing.B) {
		direct := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
		parallel(b, func() error { return post(direct, upstream.URL+"/v1/chat/completions") })
	})
}

func post(c *http.Client, url string) error {
	resp, err := c.Post(url, "application/json", bytes.NewReader([]byte(benchBody)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func parallel(b *testing.B, call func() error) {
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := call(); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchClient(b *testing.B, url string, pool int) *bifrost.Client {
	b.Helper()
	client, err := bifrost.Init(schemas.BifrostConfig{
		InitialPoolSize: pool,
		Account: schemas.StaticAccount{"openai": {
			Keys: []schemas.Key{{Value: "k"}},
			Config: schemas.ProviderConfig{
				ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 64, BufferSize: 1000},
				NetworkConfig:            schemas.NetworkConfig{BaseURL: url},
			},
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Shutdown(context.Background()) })
	return client
}
