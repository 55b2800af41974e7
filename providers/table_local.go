package providers

import (
	"bifrost/internal/adapter"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// localRows are the servers that people run themselves, at the address that each
// listens on when it is told no other.
var localRows = []row{
	// https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html: a key
	// is needed only by a server started with --api-key; "top_k" is one of its extra
	// parameters. The operations: https://docs.vllm.ai/en/stable/serving/online_serving.html
	{name: "vllm", baseURL: "http://127.0.0.1:8000", auth: adapter.Bearer, keyOptional: true,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationResponses, schemas.OperationRerank,
			schemas.OperationTranscription, schemas.OperationTranslation),
		chat: openai.ChatOptions{SystemOnly: true, TopK: true}},

	// https://lmstudio.ai/docs/api/openai-api: a key is not needed.
	{name: "lmstudio", baseURL: "http://127.0.0.1:1234", auth: adapter.Bearer, keyOptional: true,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationResponses),
		chat:       openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://mintlify.com/sgl-project/sglang/backend/openai-compatible-api: a key is needed
	// only by a server started with --api-key. Embeddings has one started with
	// --is-embedding (https://docs.sglang.io/docs/basic_usage/openai_api_embeddings).
	// Completions: .../openai_api_completions; rerank: .../native_api
	{name: "sglang", baseURL: "http://127.0.0.1:30000", auth: adapter.Bearer, keyOptional: true,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationRerank),
		chat:       openai.ChatOptions{SystemOnly: true}},

	// https://www.mintlify.com/ggml-org/llama.cpp/inference/server: a key is needed only by
	// a server started with --api-key. The operations are the routes of
	// tools/server/server.cpp in github.com/ggml-org/llama.cpp.
	{name: "llamacpp", baseURL: "http://127.0.0.1:8080", auth: adapter.Bearer, keyOptional: true,
		operations: with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationResponses, schemas.OperationRerank,
			schemas.OperationTranscription),
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},

	// https://huggingface.co/docs/text-generation-inference/messages_api, and
	// router/src/server.rs for completions and the list of models: no embeddings.
	{name: "tgi", baseURL: "http://127.0.0.1:3000", auth: adapter.Bearer, keyOptional: true, operations: with(chatOnly, schemas.OperationCompletion),
		chat: openai.ChatOptions{SystemOnly: true, MaxTokensOnly: true}},
}
