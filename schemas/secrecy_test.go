package schemas_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"bifrost/schemas"
)

const secret = "SECRET-1701"

func TestKeysAndHeadersNeverShowTheirValues(t *testing.T) {
	for name, v := range map[string]any{
		"key":                schemas.Key{Name: "k", Value: secret},
		"keys":               []schemas.Key{{Name: "k", Value: secret}},
		"headers":            schemas.Headers{"X-Team": secret},
		"network":            schemas.NetworkConfig{ExtraHeaders: schemas.Headers{"X-Team": secret}},
		"proxy":              schemas.NetworkConfig{Proxy: "http://" + secret + ":" + secret + "@proxy.example:3128"},
		"proxies":            []schemas.ProxyURL{secret + "@host", secret + "://x@host", "me:" + secret + "://x@host", "socks5://a@" + secret + "@host", "http://u:" + secret + "/" + secret + "@host"},
		"config":             schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{ExtraHeaders: schemas.Headers{"X-Team": secret}}},
		"azure":              schemas.AzureConfig{TenantID: "t", ClientID: "c", ClientSecret: secret},
		"bedrock":            schemas.BedrockConfig{AccessKeyID: secret, SecretAccessKey: secret, SessionToken: secret},
		"a provider's azure": schemas.ProviderConfig{Azure: &schemas.AzureConfig{ClientSecret: secret}},
		"a provider's bedrock": schemas.ProviderConfig{
			Bedrock: &schemas.BedrockConfig{AccessKeyID: secret, SecretAccessKey: secret, SessionToken: secret}},
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "v", v)
			asJSON, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), string(asJSON), logged.String()} {
				if strings.Contains(text, secret) {
					t.Errorf("shown in %s", text)
				}
			}
		})
	}
}

func TestErrorsMatchByKindReasonAndProvider(t *testing.T) {
	err := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, Provider: "p"}
	for target, want := range map[*schemas.Error]bool{
		schemas.ErrOverloaded: true,
		schemas.ErrTimeout:    false,
		{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull}:         true,
		{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining}:          false,
		{Kind: schemas.KindOverloaded, Provider: "p"}:                           true,
		{Kind: schemas.KindOverloaded, Provider: "other"}:                       false,
		{Kind: schemas.KindOverloaded, Reason: "queue_full", Provider: "other"}: false,
	} {
		if got := err.Is(target); got != want {
			t.Errorf("%v: %v, want %v", target, got, want)
		}
	}
}
