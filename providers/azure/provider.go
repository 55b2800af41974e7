package azure

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// Type is the type's name.
const Type = "azure"

// OwnURL is how the address of a resource looks.
const OwnURL = "https://RESOURCE.openai.azure.com"

// operations are those of Azure OpenAI, which has no moderations
// (specification/ai/data-plane/OpenAI.v1 of github.com/Azure/azure-rest-api-specs).
var operations = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationEmbeddings,
	schemas.OperationCompletion, schemas.OperationImage, schemas.OperationSpeech, schemas.OperationTranscription,
	schemas.OperationTranslation, schemas.OperationListModels, schemas.OperationRaw,
	schemas.OperationResponses, schemas.OperationFiles, schemas.OperationBatches}

// Options returns the adapter's options but for name, extra headers and Doer. baseURL is the
// resource's; one that ends in "/openai" or "/openai/v1" means the same. Tokens are
// fetched through doer.
func Options(cfg schemas.AzureConfig, baseURL string, doer httpx.Doer) (adapter.Options, error) {
	if baseURL == "" {
		return adapter.Options{}, fmt.Errorf("network_config.base_url is missing, and each resource of type %q has its own; set it, as in %q", Type, OwnURL)
	}
	if strings.Contains(baseURL, "/openai/deployments") {
		return adapter.Options{}, errors.New("network_config.base_url names a deployment; leave out what follows the host, and name deployments in azure.deployments")
	}
	baseURL = strings.TrimSuffix(strings.TrimSuffix(baseURL, "/v1"), "/openai")
	r, chat := router{cfg: cfg}, quirks(cfg.APIVersion)
	opts := adapter.Options{Type: Type, BaseURL: baseURL + "/openai", Codec: codec{openai.Codec{Chat: chat, AsksUsage: !chat.NoStreamOptions}, r},
		Route: r.route, Credential: NewCredential(cfg, baseURL, doer), KeyOptional: true, Operations: operations,
		ResponsesOnly: openai.ResponsesOnly, Configured: slices.Sorted(maps.Keys(cfg.Deployments))}
	for _, prefix := range openai.ResponsesOnly { // of the models' names: those of deployments are their owner's
		opts.ModelCodecs = append(opts.ModelCodecs, adapter.ModelCodec{Prefix: prefix,
			Codec: codec{openai.Codec{Responses: &openai.ResponsesOptions{}}, r}})
	}
	return opts, nil
}

// usageSince is the first version that takes "stream_options" and
// "max_completion_tokens"; those before refuse what they do not know
// (https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
const usageSince = "2024-09-01"

// quirks returns what a version refuses.
func quirks(version string) openai.ChatOptions {
	old := isDate(version) && version < usageSince
	return openai.ChatOptions{NoStreamOptions: old, MaxTokensOnly: old}
}

// codec is OpenAI's, with a deployment in the model's place.
type codec struct {
	openai.Codec
	router router
}

// Encode implements dialect.Codec.
func (c codec) Encode(req *schemas.Request) (*dialect.Call, []string, error) {
	named := *req
	named.Model = c.router.deployment(req.Model)
	return c.Codec.Encode(&named)
}
