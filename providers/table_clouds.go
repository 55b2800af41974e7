package providers

import (
	"bifrost/internal/adapter"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// chatAndEmbeddingsUnlisted are those of providers without a list of models in the
// dialect.
var chatAndEmbeddingsUnlisted = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
	schemas.OperationEmbeddings, schemas.OperationRaw}

// ofPerplexity is how Perplexity's Agent API takes a chat.
var ofPerplexity = openai.ResponsesOptions{
	Plain: true, FormatOnTop: true, NeedsLimit: "anthropic/",
	SearchFilters: []string{"search_domain_filter", "search_recency_filter", "search_after_date_filter", "search_before_date_filter",
		"last_updated_after_filter", "last_updated_before_filter"},
	Fields: []string{"instructions", "language_preference", "max_steps", "max_tool_calls", "metadata", "models", "preset",
		"previous_response_id", "stream_options", "truncation"},
	Models: map[string]openai.ResponsesModel{
		"sonar":               {Model: sonar, Search: true},
		"sonar-pro":           {Model: sonar, Preset: "low"},
		"sonar-reasoning":     {Model: sonar, Preset: "low"},
		"sonar-reasoning-pro": {Model: sonar, Preset: "low"},
		"sonar-deep-research": {Model: sonar, Preset: "medium"},

		"fast": {Preset: "fast"}, "low": {Preset: "low"}, "medium": {Preset: "medium"}, "high": {Preset: "high"}, "xhigh": {Preset: "xhigh"},
	},
}

// sonar is Perplexity's own model.
const sonar = "perplexity/sonar"

// cloudRows are the hosted providers.
var cloudRows = []row{
	// https://platform.openai.com/docs/api-reference
	{name: "openai", baseURL: "https://api.openai.com", auth: adapter.Bearer, operations: ofOpenAI,
		responsesOnly: openai.ResponsesOnly},

	// https://console.groq.com/docs/openai: no embeddings; a message's "name",
	// "logit_bias", "logprobs" and n > 1 are refused with 400. So is its
	// "reasoning_content" (github.com/janhq/jan issue 8136); the name is "reasoning",
	// as in an answer (ChatCompletionAssistantMessageParam of
	// github.com/groq/groq-python), which models that do not reason refuse too
	// (github.com/vercel/ai issue 8056). Responses: .../docs/responses-api; files and
	// batches: .../docs/batch; sound: openapi/groq-openapi.yml in
	// github.com/api-evangelist/groq.
	{name: "groq", baseURL: "https://api.groq.com/openai", auth: adapter.Bearer,
		operations: with(chatOnly, schemas.OperationResponses, schemas.OperationSpeech, schemas.OperationTranscription,
			schemas.OperationTranslation, schemas.OperationFiles, schemas.OperationBatches),
		chat: openai.ChatOptions{SystemOnly: true, PlainReasoning: true}},

	// https://docs.mistral.ai/api. Unknown fields are refused with 422:
	// "stream_options" (github.com/openai/openai-agents-python issue 442; usage
	// comes without asking) and "max_completion_tokens"
	// (github.com/editor-code-assistant/eca issue 231), "reasoning_content"
	// (github.com/charmbracelet/crush issue 1590) and "user" (github.com/mozilla-ai/any-llm
	// issue 680); a call's id must be of nine letters and digits, and the seed is
	// "random_seed". Batches are below a path of its
	// own, /batch/jobs.
	{name: "mistral", baseURL: "https://api.mistral.ai", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationModeration, schemas.OperationTranscription, schemas.OperationFiles),
		chat: openai.ChatOptions{NoStreamOptions: true, MaxTokensOnly: true, SystemOnly: true, NoReasoning: true, RandomSeed: true, ShortCallIDs: true,
			Refuses: []string{"user", "prompt_cache_key", "safety_identifier", "service_tier", "store", "verbosity", "logit_bias"}}},

	// https://api-docs.deepseek.com: the address works with and without "/v1";
	// no embeddings. "max_completion_tokens" has no effect, and the role "developer" is
	// refused with 400.
	{name: "deepseek", baseURL: "https://api.deepseek.com", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://openrouter.ai/docs/api-reference: comments before the first chunk,
	// and errors inside an answer of status 200. A message's reasoning is taken under
	// both names, and its details too (https://openrouter.ai/docs/use-cases/reasoning-tokens);
	// "cache_control": https://openrouter.ai/docs/features/prompt-caching; "top_k":
	// https://openrouter.ai/docs/api-reference/parameters; sound:
	// https://openrouter.ai/blog/insights/every-modality-one-api/; rerank and Responses:
	// https://openrouter.ai/docs/client-sdks/python/api-reference
	{name: "openrouter", baseURL: "https://openrouter.ai/api", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationResponses, schemas.OperationRerank, schemas.OperationSpeech,
			schemas.OperationTranscription),
		chat: openai.ChatOptions{TopK: true, CacheControl: true, ReasoningDetails: true}},

	// https://docs.together.ai/docs/inference/openai-compatibility: the model
	// list is a bare array; answers may end with the finish reason "eos". The other
	// operations are those of https://docs.together.ai/reference. A file is uploaded to
	// /files/upload, with its purpose "batch-api".
	{name: "together", baseURL: "https://api.together.ai", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationRerank, schemas.OperationImage,
			schemas.OperationSpeech, schemas.OperationTranscription, schemas.OperationTranslation, schemas.OperationFiles,
			schemas.OperationBatches),
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://docs.fireworks.ai/tools-sdks/openai-compatibility; the other operations:
	// https://fireworks.ai/docs/api. Sound is at an address of its own.
	{name: "fireworks", baseURL: "https://api.fireworks.ai/inference", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationRerank, schemas.OperationResponses),
		chat:       openai.ChatOptions{SystemOnly: true}},

	// https://docs.x.ai/docs/api-reference: no embeddings; files:
	// https://docs.x.ai/developers/rest-api-reference/inference.md
	{name: "xai", baseURL: "https://api.x.ai", auth: adapter.Bearer,
		operations: with(chatOnly, schemas.OperationCompletion, schemas.OperationImage, schemas.OperationResponses,
			schemas.OperationFiles, schemas.OperationBatches),
		chat: openai.ChatOptions{SystemOnly: true}},

	// https://docs.baseten.co/quickstart; the list of models:
	// https://docs.openclaw.ai/providers/baseten; "stream_options":
	// json-schema/baseten-streamoptions-schema.json in github.com/api-evangelist/baseten.
	// Embeddings only dedicated deployments have
	// (https://docs.langchain.com/oss/python/integrations/providers/baseten), each at a
	// base URL of its own.
	{name: "baseten", baseURL: "https://inference.baseten.co", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://inference-docs.cerebras.ai/resources/openai: no embeddings. Some fields are
	// refused with 400: frequency_penalty, presence_penalty, logit_bias,
	// parallel_tool_calls and service_tier (https://hexdocs.pm/req_llm/cerebras.html).
	// They are the caller's own wish, so they are sent. Completions:
	// https://inference-docs.cerebras.ai/api-reference/completions
	{name: "cerebras", baseURL: "https://api.cerebras.ai", auth: adapter.Bearer, operations: with(chatOnly, schemas.OperationCompletion),
		chat: openai.ChatOptions{SystemOnly: true}},

	// https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility:
	// the account is a part of the path; chat and embeddings, and no list of models.
	{name: "cloudflare", ownURL: "https://api.cloudflare.com/client/v4/accounts/ACCOUNT_ID/ai/v1", auth: adapter.Bearer,
		operations: chatAndEmbeddingsUnlisted,
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope
	// and .../embedding-interfaces-compatible-with-openai: Singapore's address as the
	// page had it until 2026. It names addresses of workspaces since, as in
	// https://WORKSPACE.ap-southeast-1.maas.aliyuncs.com/compatible-mode; other regions have
	// base URLs of their own too. The list of models is not on these pages; clients are
	// answered one. Files and batches: .../openai-compatible-batch-file-input
	{name: "dashscope", baseURL: "https://dashscope-intl.aliyuncs.com/compatible-mode", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationFiles, schemas.OperationBatches),
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://deepinfra.com/docs/advanced/openai_api; images and sound:
	// https://docs.openclaw.ai/providers/deepinfra
	{name: "deepinfra", baseURL: "https://api.deepinfra.com", version: "/v1/openai", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationImage, schemas.OperationSpeech,
			schemas.OperationTranscription),
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://github.blog/changelog/2025-05-15-github-models-api-now-available: the base
	// URL https://models.github.ai/orgs/ORG is for an organisation. Embeddings:
	// github.com/github/codespaces-models pull request 28. The list of models
	// (https://docs.github.com/rest/models/catalog) is not below this prefix, and has
	// another form.
	{name: "github", baseURL: "https://models.github.ai", version: "/inference", auth: adapter.Bearer,
		operations: chatAndEmbeddingsUnlisted,
		chat:       openai.ChatOptions{SystemOnly: true}},

	// https://tabby.tabbyml.com/docs/references/models-http-api/huggingface: embeddings
	// are not in the dialect. Responses:
	// https://huggingface.co/docs/inference-providers/guides/responses-api
	{name: "huggingface", baseURL: "https://router.huggingface.co", auth: adapter.Bearer, operations: with(chatOnly, schemas.OperationResponses),
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://docs.litellm.ai/docs/providers/hyperbolic: no embeddings.
	{name: "hyperbolic", baseURL: "https://api.hyperbolic.xyz", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://platform.minimaxi.com/docs/api-reference/text-openai-api, and
	// https://www.developersdigest.tech/reference/api-compatibility/minimax for the
	// international address and the list of models: no embeddings. Older models write
	// their thinking into the content, between <think> tags, unless a call's
	// "reasoning_split" is true.
	{name: "minimax", baseURL: "https://api.minimax.io", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{SystemOnly: true}},

	// https://www.developersdigest.tech/reference/api-compatibility/moonshot, of
	// platform.kimi.ai: no embeddings. The base URL https://api.moonshot.cn is China's.
	{name: "moonshot", baseURL: "https://api.moonshot.ai", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://docs.tokenfactory.nebius.com/api-reference/introduction; embeddings:
	// https://docs.agno.com/basics/knowledge/embedder/nebius; completions and images:
	// https://docs.getbifrost.ai/providers/supported-providers/nebius
	{name: "nebius", baseURL: "https://api.tokenfactory.nebius.com", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationImage),
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://novita.ai/docs/api-reference/model-apis-introduction, and
	// .../model-apis-llm-list-models; the paths are those of
	// openapi/novita-ai-openapi.json in github.com/api-evangelist/novita-ai.
	// "stream_options": https://docs.litellm.ai/docs/providers/novita Completions, files and
	// batches: https://novita.ai/docs/guides/llm-batch-api
	{name: "novita", baseURL: "https://api.novita.ai/openai", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationFiles, schemas.OperationBatches),
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://docs.litellm.ai/docs/providers/nvidia_nim: the hosted API. A NIM of one's own
	// is at its base URL. Completions:
	// https://docs.nvidia.com/nim/large-language-models/latest/api-reference.html
	{name: "nvidia", baseURL: "https://integrate.api.nvidia.com", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion),
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://www.lava.so/docs/gateway/providers/parasail. What was read does not agree on
	// embeddings, so there are none here.
	{name: "parasail", baseURL: "https://api.parasail.io", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://docs.perplexity.ai/docs/agent-api/openai-compatibility: the Agent API, of which
	// /v1/responses is an alias; https://docs.perplexity.ai/api-reference/models-get. That its
	// chat completions ended on 2026-09-27 is second-hand (releases of @ai-sdk/perplexity
	// in github.com/vercel/ai). Fields, refusals, presets and what the old names stand for are
	// those of skills/migrate-sonar-to-agent-api in github.com/perplexityai/api-platform-developers:
	// a field that it does not know is refused with 400. A preset may choose a model of
	// somebody else's, so the old names keep Perplexity's own with it. Items, and
	// "thought_signature": src/perplexity/types of github.com/perplexityai/perplexity-py.
	// Vectors: https://docs.perplexity.ai/docs/embeddings/best-practices
	{name: "perplexity", baseURL: "https://api.perplexity.ai", auth: adapter.Bearer,
		operations:    with(chatAndEmbeddings, schemas.OperationResponses),
		responsesOnly: []string{""}, responses: ofPerplexity, signedVectors: true},

	// https://docs.sambanova.ai/docs/en/features/openai-compatibility; the address:
	// https://docs.pipecat.ai/api-reference/server/services/llm/sambanova; embeddings:
	// https://docs.langchain.com/oss/python/integrations/text_embedding/sambanova; the list
	// of models: collections/sambanova-systems-models-api.postman_collection.json in
	// github.com/api-evangelist/sambanova-systems; "stream_options":
	// https://docs.sambanova.ai/cloud/api-reference/endpoints/chat
	{name: "sambanova", baseURL: "https://api.sambanova.ai", auth: adapter.Bearer, operations: chatAndEmbeddings,
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://www.siliconflow.com/blog/openai-sdk-siliconflow-compatibility-checks;
	// embeddings: https://docs.continue.dev/customize/model-providers/more/siliconflow. The
	// base URL https://api.siliconflow.cn is China's. The other operations:
	// https://docs.siliconflow.cn/llms.txt
	{name: "siliconflow", baseURL: "https://api.siliconflow.com", auth: adapter.Bearer,
		operations: with(chatAndEmbeddings, schemas.OperationRerank, schemas.OperationImage, schemas.OperationSpeech,
			schemas.OperationTranscription, schemas.OperationFiles, schemas.OperationBatches),
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://ai-sdk.dev/v7/providers/community-providers/zhipu, embeddings too; the base
	// URL https://api.z.ai/api/paas is the international one. "stream_options":
	// https://docs.litellm.ai/docs/providers/bigmodel. Clients are answered a list of models
	// below the prefix, but no page of its own that names one was found.
	{name: "zhipu", baseURL: "https://open.bigmodel.cn/api/paas", version: "/v4", auth: adapter.Bearer,
		operations: chatAndEmbeddings,
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},
}
