package providers_test

import (
	"strings"
	"testing"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

var awsKeys = schemas.BedrockConfig{Region: "eu-west-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "invented"}

func TestBedrockWithSignaturesPassesTheConformanceSuite(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		up := providertest.NewUpstream(t)
		own := awsKeys
		cfg := schemas.ProviderConfig{Type: "bedrock", Bedrock: &own, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}}
		return providertest.Fixture{Provider: build(t, "mine", cfg), Upstream: up, Model: models["bedrock"]}
	})
}

func TestASignedModelsPathArrivesAsItWasSigned(t *testing.T) {
	up := providertest.NewUpstream(t)
	own := awsKeys
	p := build(t, "mine", schemas.ProviderConfig{Type: "bedrock", Bedrock: &own, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + "/prefix/"}})
	const model = "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude"
	// The upstream answers in another dialect: what it received is of interest.
	_, _ = p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationChat, Model: model,
		Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
	calls := up.Received()
	if len(calls) != 1 || calls[0].Path != "/prefix/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.anthropic.claude/converse" {
		t.Fatalf("got %+v", calls)
	}
	if auth := calls[0].Header.Get("Authorization"); !strings.Contains(auth, "/eu-west-1/bedrock/aws4_request") || !strings.Contains(auth, "SignedHeaders=content-type;host;x-amz-date,") {
		t.Errorf("got %s", auth)
	}
}
