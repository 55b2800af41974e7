package bifrost_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"bifrost"
	"bifrost/internal/adapter"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// sink is an upstream that takes any body and gives a short answer.
type sink struct{ taken atomic.Int64 }

func (s *sink) Do(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
	s.taken.Add(int64(len(r.Body)))
	return &httpx.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}`))}, nil
}

func (*sink) Close() error { return nil }

// A call whose dialect the provider speaks is passed through: what is allocated for
// its body is at most one copy, with the model's name in it. The yardstick decodes
// the body and encodes it again, as a translation has to.
func BenchmarkPassThrough(b *testing.B) {
	for _, size := range []int{1 << 10, 100 << 10, 10 << 20} {
		body := fmt.Sprintf(`{"model":"p/m","messages":[{"role":"user","content":%q}]}`, strings.Repeat("word ", size/5))
		raw := &schemas.RawRequest{Dialect: schemas.DialectOpenAI, Method: http.MethodPost, Path: openai.PathChat, Body: []byte(body),
			Header: http.Header{"Content-Type": {"application/json"}}}
		b.Run(fmt.Sprintf("pass/%dKB", size>>10), func(b *testing.B) {
			client := passing(b)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				resp, err := client.DialectRequest(b.Context(), raw)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Raw.Body)
				_ = resp.Raw.Body.Close()
			}
		})
		b.Run(fmt.Sprintf("decode-encode/%dKB", size>>10), func(b *testing.B) {
			client := passing(b)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				chat, _, err := openai.DecodeChat(raw.Body)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := client.ChatCompletionRequest(b.Context(), chat); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func passing(b *testing.B) *bifrost.Client {
	client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", adapter.New(adapter.Options{
		Name: "p", Type: "openai", BaseURL: "http://upstream.invalid/v1", Codec: openai.Codec{}, Credential: adapter.Bearer, KeyOptional: true,
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationRaw}, Doer: &sink{}})))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Shutdown(context.Background()) })
	return client
}
