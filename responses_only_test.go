package bifrost_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// onlyResponses returns a client of two providers at servers without chat completions for
// the models that are asked for: Perplexity, and OpenAI with one of its pro models.
func onlyResponses(t *testing.T, opts ...bifrost.Option) (client *bifrost.Client, perplexity, openAI *providertest.Upstream) {
	t.Helper()
	account := schemas.StaticAccount{}
	at := func(typ string) *providertest.Upstream {
		up := providertest.NewUpstream(t)
		up.Script(providertest.WireOfResponses().Good)
		account[typ] = schemas.StaticProvider{Keys: []schemas.Key{{Name: "k", Value: "sk-invented-" + typ, Weight: 1}},
			Config: schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}}}
		return up
	}
	perplexity, openAI = at("perplexity"), at("openai")
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return client, perplexity, openAI
}

func asked(t *testing.T, client *bifrost.Client, d schemas.Dialect, path, body string) (string, error) {
	t.Helper()
	resp, err := client.DialectRequest(t.Context(), &schemas.RawRequest{Dialect: d, Method: http.MethodPost, Path: path,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)})
	if err != nil {
		return "", err
	}
	defer resp.Raw.Body.Close()
	text, err := io.ReadAll(resp.Raw.Body)
	return string(text), err
}

// paths are those that a server was asked for, and whether it was given a chat or an input.
func paths(up *providertest.Upstream) (all []string) {
	for _, c := range up.Received() {
		word := c.Path
		for _, field := range []string{"messages", "input"} {
			if gjson.GetBytes(c.Body, field).Exists() {
				word += " " + field
			}
		}
		all = append(all, word)
	}
	return all
}

func TestEveryCallersDialectReachesAModelThatOnlyHasTheResponsesAPI(t *testing.T) {
	const chat = `"messages":[{"role":"user","content":"hi"}]}`
	for name, c := range map[string]struct {
		dialect    schemas.Dialect
		path, body string
		says       []string
	}{
		"chat":             {schemas.DialectOpenAI, "/chat/completions", `{"model":"MODEL",` + chat, []string{`"chat.completion"`, `"Hello there"`, `"stop"`, `"total_tokens":3`}},
		"chat, stream":     {schemas.DialectOpenAI, "/chat/completions", `{"model":"MODEL","stream":true,` + chat, []string{`"content":"Hello "`, `"finish_reason":"stop"`, "data: [DONE]\n\n"}},
		"responses":        {schemas.DialectOpenAI, "/responses", `{"model":"MODEL","input":"hi"}`, []string{`"object":"response"`, `"resp_1"`}},
		"responses stream": {schemas.DialectOpenAI, "/responses", `{"model":"MODEL","input":"hi","stream":true}`, []string{"event: response.created\n", "event: response.completed\n"}},
		"anthropic":        {schemas.DialectAnthropic, "/messages", `{"model":"MODEL","max_tokens":99,` + chat, []string{`"type":"message"`, `"Hello there"`, `"end_turn"`}},
		"anthropic stream": {schemas.DialectAnthropic, "/messages", `{"model":"MODEL","max_tokens":99,"stream":true,` + chat, []string{"event: message_start\n", `"Hello "`, "event: message_stop\n"}},
		"gemini": {schemas.DialectGemini, "/models/MODEL:generateContent", `{"contents":[{"parts":[{"text":"hi"}]}]}`,
			[]string{`"candidates"`, `"Hello there"`, `"STOP"`}},
	} {
		t.Run(name, func(t *testing.T) {
			client, perplexity, openAI := onlyResponses(t)
			for model, up := range map[string]*providertest.Upstream{"perplexity/sonar": perplexity, "openai/o3-pro": openAI} {
				got, err := asked(t, client, c.dialect, strings.Replace(c.path, "MODEL", model, 1), strings.Replace(c.body, "MODEL", model, 1))
				if err != nil {
					t.Fatal(err)
				}
				for _, word := range c.says {
					if !strings.Contains(got, word) {
						t.Errorf("%s: no %q in %s", model, word, got)
					}
				}
				if got := paths(up); !slices.Equal(got, []string{"/v1/responses input"}) {
					t.Errorf("%s: called %q", model, got)
				}
			}
		})
	}
}

// Of one provider some models are asked by chat completions, and others not; embeddings
// and lists are as ever.
func TestOnlyTheModelsWithoutChatCompletionsAreAskedByTheResponsesAPI(t *testing.T) {
	client, _, openAI := onlyResponses(t)
	good := providertest.WireOfResponses().Good
	openAI.Script(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/responses") {
			good(w, r)
			return
		}
		providertest.WireOf(schemas.DialectOpenAI).Good(w, r)
	})
	for _, model := range []string{"gpt-4o", "o3", "gpt-5.1", "gpt-5-codex-mini", "o1-pro-2025-03-19"} {
		if _, err := client.ChatCompletionRequest(t.Context(), &schemas.ChatRequest{Provider: "openai", Model: model, Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.EmbeddingRequest(t.Context(), &schemas.EmbeddingRequest{Provider: "openai", Model: "text-embedding-3-small", Input: []string{"a", "b"}}); err != nil {
		t.Fatal(err)
	}
	want := []string{"/v1/chat/completions messages", "/v1/chat/completions messages", "/v1/chat/completions messages",
		"/v1/responses input", "/v1/responses input", "/v1/embeddings input"}
	if got := paths(openAI); !slices.Equal(got, want) {
		t.Fatalf("called %q, want %q", got, want)
	}
}

func TestAFallbackLeadsToAndFromAModelThatOnlyHasTheResponsesAPI(t *testing.T) {
	down := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":{"message":"down"}}`, http.StatusInternalServerError)
	}
	for _, c := range []struct {
		path, body string
		want       string // of the second
	}{
		{"/chat/completions", `{"model":"openai/gpt-4o","messages":[{"role":"user","content":"hi"}],"fallbacks":["perplexity/openai/gpt-5.5"]}`, "/v1/responses input"},
		{"/chat/completions", `{"model":"openai/gpt-4o","messages":[{"role":"user","content":"hi"}],"fallbacks":["perplexity/openai/gpt-5.5"],"stream":true}`, "/v1/responses input"},
		{"/responses", `{"model":"openai/o1-pro","input":"hi","fallbacks":["perplexity/sonar"]}`, "/v1/responses input"},
	} {
		client, perplexity, openAI := onlyResponses(t)
		openAI.Script(down)
		got, err := asked(t, client, schemas.DialectOpenAI, c.path, c.body)
		if err != nil || !strings.Contains(got, "Hello") {
			t.Errorf("%s: got %s, %v", c.body, got, err)
		}
		if calls := paths(perplexity); !slices.Equal(calls, []string{c.want}) || len(openAI.Received()) != 1 {
			t.Errorf("%s: called %q, and the first %d times", c.body, calls, len(openAI.Received()))
		}
	}
	client, perplexity, openAI := onlyResponses(t)
	perplexity.Script(down)
	openAI.Script(providertest.WireOf(schemas.DialectOpenAI).Good)
	got, err := asked(t, client, schemas.DialectOpenAI, "/chat/completions",
		`{"model":"perplexity/sonar","messages":[{"role":"user","content":"hi"}],"fallbacks":["openai/gpt-4o"]}`)
	if calls := paths(openAI); err != nil || !strings.Contains(got, "chatcmpl-1") || !slices.Equal(calls, []string{"/v1/chat/completions messages"}) {
		t.Errorf("got %s, %v; called %q", got, err, calls)
	}
}

// A hook sees such a call as the chat that it is, and what was left out is named.
func TestACallThatIsMadeByTheResponsesAPIIsAChatToHooks(t *testing.T) {
	var seen []schemas.Operation
	hook := schemas.Hook{BeforeRequest: func(_ context.Context, call *schemas.HookCall) (*schemas.Response, error) {
		seen = append(seen, call.Request.Operation)
		return nil, nil
	}}
	client, _, _ := onlyResponses(t, bifrost.WithHooks(hook))
	resp, err := client.ChatCompletionRequest(t.Context(), &schemas.ChatRequest{Provider: "perplexity", Model: "sonar", User: "u",
		Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}})
	if err != nil || !slices.Equal(resp.Served.Dropped, []string{"user"}) {
		t.Fatalf("got %+v, %v", resp, err)
	}
	if _, err := asked(t, client, schemas.DialectOpenAI, "/chat/completions", `{"model":"perplexity/sonar","messages":[{"role":"user","content":"hi"}],"stream":true}`); err != nil {
		t.Fatal(err)
	}
	if want := []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream}; !slices.Equal(seen, want) {
		t.Fatalf("hooks saw %v", seen)
	}
}

func TestWhatAModelWithTheResponsesAPIOnlyCannotCarryIsRefused(t *testing.T) {
	client, perplexity, _ := onlyResponses(t)
	_, err := asked(t, client, schemas.DialectOpenAI, "/chat/completions", `{"model":"perplexity/sonar","messages":[{"role":"user","content":"hi"}],"stop":["x"]}`)
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindUnsupportedOperation || !strings.HasPrefix(e.Message, "stop ") || len(perplexity.Received()) > 0 {
		t.Fatalf("got %v", err)
	}
}
