package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestWhoWaitsForAStreamIsKeptAliveWithWhatItsSDKSkips(t *testing.T) {
	failure := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueTimeout, Message: "no place"}
	const queued, ping = ": queued\n\n", "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	stream := func(body string) string { return strings.Replace(body, `{"`, `{"stream":true,"`, 1) }
	for name, c := range map[string]struct {
		dialect, path, body string
		silence             time.Duration
		answer              string // a stream's events; "": it is refused
		want                string // what the body begins with
		ends                string // and what it ends with
		status              int
	}{
		"openai":              {"openai", chatPath, stream(goodChat), 4 * time.Second, "data: {}\n\ndata: [DONE]\n\n", queued + queued + "data: {}", "data: [DONE]\n\n", 200},
		"anthropic":           {"anthropic", "/v1/messages", stream(surfaces["anthropic"].body), 4 * time.Second, "event: message_stop\ndata: {}\n\n", ping + ping + "event: message_stop", "\n\n", 200},
		"gemini":              {"gemini", "/v1beta/models/fake/m:streamGenerateContent?alt=sse", surfaces["gemini"].body, 4 * time.Second, "data: {}\n\n", queued + queued + "data: {}", "\n\n", 200},
		"refused":             {"openai", chatPath, stream(goodChat), 4 * time.Second, "", queued + queued + `data: {"error":`, `"code":"queue_timeout"}}` + "\n\n", 200},
		"refused, anthropic":  {"anthropic", "/v1/messages", stream(surfaces["anthropic"].body), 4 * time.Second, "", ping + ping + "event: error\ndata: ", "\n\n", 200},
		"in one piece":        {"openai", chatPath, goodChat, 4 * time.Second, "", `{"error":`, "}", 503},
		"not wanted":          {"openai", chatPath, stream(goodChat), 0, "data: {}\n\ndata: [DONE]\n\n", "data: {}", "data: [DONE]\n\n", 200},
		"before the silence":  {"openai", chatPath, stream(goodChat), time.Minute, "", `{"error":`, "}", 503},
		"a piece is answered": {"openai", chatPath, stream(goodChat), 4 * time.Second, "{}", queued + queued + `data: {"error":`, "\n\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &fake{dialect: schemas.Dialect(c.dialect), call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
					time.Sleep(20 * time.Second)
					switch c.answer {
					case "":
						return nil, failure
					case "{}":
						return reply("{}"), nil
					}
					return replyFrom(eventType, strings.NewReader(c.answer)), nil
				}}
				client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("fake", p))
				if err != nil {
					t.Fatal(err)
				}
				g := gateway.New(client, gateway.Options{KeepAlive: c.silence})
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(c.body))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				g.ServeHTTP(w, r)
				if body := w.Body.String(); w.Code != c.status || !strings.HasPrefix(body, c.want) || !strings.HasSuffix(body, c.ends) {
					t.Errorf("got %d %q", w.Code, body)
				}
				if err := client.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
