package adapter_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// A chat was created when its answer began, where the provider does not say; all chunks of
// a stream agree on it.
func TestAnAnswerWithoutATimeHasThatOfItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, given := range []string{"", `"created":7,`} {
			want := int64(7)
			if given == "" {
				want = time.Now().Unix()
			}
			p := newAdapter(doerFunc(func(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
				if r.Header.Get("Accept") == "text/event-stream" {
					return response(200, "text/event-stream", "data: {"+given+`"choices":[{"index":0,"delta":{"content":"b"}}]}`+"\n\n"+
						"data: {"+given+`"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n"), nil
				}
				return response(200, "application/json", `{`+given+`"choices":[{"index":0,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"}]}`), nil
			}), nil)
			whole, err := call(t.Context(), p, chat(schemas.OperationChat))
			if err != nil || whole.Chat.Created != want {
				t.Errorf("%q: got %+v, %v", given, whole.Chat, err)
			}
			streamed, err := call(t.Context(), p, chat(schemas.OperationChatStream))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				time.Sleep(3 * time.Second)
				if chunk, err := streamed.Stream.Next(); err != nil || chunk.Created != want {
					t.Errorf("%q: got %+v, %v", given, chunk, err)
				}
			}
			_ = streamed.Stream.Close()
		}
	})
}
