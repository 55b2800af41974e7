package clients_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3/option"
	"google.golang.org/genai"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const teamKey = "bf-team-key"

// sdkError is what an SDK's own error says.
type sdkError struct {
	status          int
	kind, code, err string
	header          http.Header
}

// keyed is an SDK that asks a model with a key, and says how its error has it; the zero
// value is an answer.
type keyed func(t *testing.T, base string, via *http.Client, key, model string) sdkError

var keyedSDKs = map[string]keyed{
	"openai-go": func(t *testing.T, base string, via *http.Client, key, model string) sdkError {
		d := &door{sdk: newSDK(option.WithBaseURL(base+"/v1"), option.WithHTTPClient(via), option.WithAPIKey(key))}
		params := d.ask("hello")
		params.Model = model
		_, err := d.sdk.Chat.Completions.New(t.Context(), params)
		if err == nil {
			return sdkError{}
		}
		e := refusalOf(t, err)
		return sdkError{e.StatusCode, e.Type, e.Code, describe(err), e.Response.Header}
	},
	"anthropic-sdk-go": func(t *testing.T, base string, via *http.Client, key, model string) sdkError {
		c := anthropic.NewClient(anthropicoption.WithBaseURL(base), anthropicoption.WithHTTPClient(via), anthropicoption.WithAPIKey(key), anthropicoption.WithMaxRetries(0))
		_, err := c.Messages.New(t.Context(), anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 10,
			Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("hello"))}})
		var e *anthropic.Error
		switch {
		case err == nil:
			return sdkError{}
		case !errors.As(err, &e):
			t.Fatalf("got %T (%v)", err, err)
		}
		return sdkError{e.StatusCode, string(e.Type()), e.Response.Header.Get("X-Bifrost-Code"), err.Error(), e.Response.Header}
	},
	"genai": func(t *testing.T, base string, via *http.Client, key, model string) sdkError {
		c, err := genai.NewClient(t.Context(), &genai.ClientConfig{APIKey: key, Backend: genai.BackendGeminiAPI, HTTPClient: via, HTTPOptions: genai.HTTPOptions{BaseURL: base}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Models.GenerateContent(t.Context(), model, genai.Text("hello"), nil)
		var e genai.APIError
		switch {
		case err == nil:
			return sdkError{}
		case !errors.As(err, &e):
			t.Fatalf("got %T (%v)", err, err)
		}
		code := ""
		for _, d := range e.Details {
			if reason, ok := d["reason"].(string); ok {
				code = strings.ToLower(reason)
			}
		}
		return sdkError{e.Code, e.Status, code, err.Error(), nil}
	},
}

func TestEachSDKWorksWithAClientsKeyAndRaisesItsOwnErrorWithoutOne(t *testing.T) {
	kinds := map[string]map[int]string{
		"openai-go":        {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"},
		"anthropic-sdk-go": {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"},
		"genai":            {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"},
	}
	for name, ask := range keyedSDKs {
		t.Run(name, func(t *testing.T) {
			client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{
				"sim": {Config: schemas.ProviderConfig{Type: "simulated"}}, "dear": {Config: schemas.ProviderConfig{Type: "simulated"}}}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stop(t, client) })
			team := gateway.Client{Name: "team", Keys: []string{gateway.HashKey(teamKey)}, Models: []string{"sim/*"}, RequestsPerMinute: 2}
			base, via := onLoopback(t, gateway.New(client, gateway.Options{Clients: []gateway.Client{team}}))
			expect := func(key, model string, status int, code string) {
				t.Helper()
				got := ask(t, base, via, key, model)
				if got.status != status || got.code != code || got.kind != kinds[name][status] || strings.Contains(got.err, "wrong-key") {
					t.Errorf("%s with %s: got %+v, want %d %s", model, key, got, status, code)
				}
				if got.header != nil && got.header.Get("X-Bifrost-Origin") != "gateway" {
					t.Errorf("got %v", got.header)
				}
				if status == 429 && got.header != nil {
					retryAfter(t, got.header)
				}
			}
			expect("wrong-key", "sim/sim-small", 401, "unauthorized")
			expect(teamKey, "dear/sim-small", 403, "not_permitted")
			for range 2 {
				expect(teamKey, "sim/sim-small", 0, "")
			}
			expect(teamKey, "sim/sim-small", 429, "client_rate_limited")
			if used := client.Stats().Providers["sim"].Offered; used != 2 {
				t.Errorf("%d calls have reached the provider, want 2", used)
			}
		})
	}
}
