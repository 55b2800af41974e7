package providers

import (
	"slices"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// row is a provider that speaks the OpenAI dialect below "/v1".
type row struct {
	name        string
	baseURL     string // without "/v1"
	auth        adapter.HeaderKey
	keyOptional bool
	operations  []schemas.Operation
	chat        openai.ChatOptions // known quirks
}

var (
	chatOnly = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
		schemas.OperationListModels, schemas.OperationRaw}
	chatAndEmbeddings = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
		schemas.OperationEmbeddings, schemas.OperationListModels, schemas.OperationRaw}
	ofOpenAI = append(slices.Clone(chatAndEmbeddings), schemas.OperationCompletion, schemas.OperationModeration,
		schemas.OperationImage, schemas.OperationSpeech, schemas.OperationTranscription, schemas.OperationTranslation)
)

// table lists the OpenAI-compatible providers. The comment above a row says
// where its facts were read.
var table = []row{
	// https://platform.openai.com/docs/api-reference
	{name: "openai", baseURL: "https://api.openai.com", auth: adapter.Bearer, operations: ofOpenAI},

	// https://console.groq.com/docs/openai: no embeddings; a message's "name",
	// "logit_bias", "logprobs" and n > 1 are refused with 400. So is its
	// "reasoning_content" (github.com/janhq/jan issue 8136); the name is "reasoning",
	// as in an answer (ChatCompletionAssistantMessageParam of
	// github.com/groq/groq-python), which models that do not reason refuse too
	// (github.com/vercel/ai issue 8056).
	{name: "groq", baseURL: "https://api.groq.com/openai", auth: adapter.Bearer, operations: chatOnly,
		chat: openai.ChatOptions{PlainReasoning: true}},

	// https://docs.mistral.ai/api. Unknown fields are refused with 422:
	// "stream_options" (github.com/openai/openai-agents-python issue 442; usage
	// comes without asking) and "max_completion_tokens"
	// (github.com/editor-code-assistant/eca issue 231).
	{name: "mistral", baseURL: "https://api.mistral.ai", auth: adapter.Bearer, operations: chatAndEmbeddings,
		chat: openai.ChatOptions{NoStreamOptions: true, MaxTokensOnly: true}},

	// https://api-docs.deepseek.com: the address works with and without "/v1";
	// no embeddings.
	{name: "deepseek", baseURL: "https://api.deepseek.com", auth: adapter.Bearer, operations: chatOnly},

	// https://openrouter.ai/docs/api-reference: comments before the first chunk,
	// and errors inside an answer of status 200. A message's reasoning is taken under
	// both names (https://openrouter.ai/docs/use-cases/reasoning-tokens).
	{name: "openrouter", baseURL: "https://openrouter.ai/api", auth: adapter.Bearer, operations: chatAndEmbeddings},

	// https://docs.together.ai/docs/inference/openai-compatibility: the model
	// list is a bare array; answers may end with the finish reason "eos".
	{name: "together", baseURL: "https://api.together.ai", auth: adapter.Bearer, operations: chatAndEmbeddings},

	// https://docs.fireworks.ai/tools-sdks/openai-compatibility
	{name: "fireworks", baseURL: "https://api.fireworks.ai/inference", auth: adapter.Bearer, operations: chatAndEmbeddings},

	// https://docs.x.ai/docs/api-reference: no embeddings.
	{name: "xai", baseURL: "https://api.x.ai", auth: adapter.Bearer, operations: chatOnly},

	// https://docs.ollama.com/api/openai-compatibility: a key is not needed.
	{name: "ollama", baseURL: "http://127.0.0.1:11434", auth: adapter.Bearer, keyOptional: true, operations: chatAndEmbeddings},

	// https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html: a key
	// is needed only by a server started with --api-key.
	{name: "vllm", baseURL: "http://127.0.0.1:8000", auth: adapter.Bearer, keyOptional: true, operations: chatAndEmbeddings},

	// https://lmstudio.ai/docs/api/openai-api: a key is not needed.
	{name: "lmstudio", baseURL: "http://127.0.0.1:1234", auth: adapter.Bearer, keyOptional: true, operations: chatAndEmbeddings},
}
