package providers

import (
	"cmp"
	"slices"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// row is a provider that speaks the OpenAI dialect.
type row struct {
	name string

	// baseURL is without version. Empty means that every account has its own, and
	// ownURL says how it looks.
	baseURL string
	ownURL  string

	// version is what lies between a base URL and the dialect's paths; a base URL that
	// ends in it means the same. Empty means "/v1".
	version string

	auth        adapter.HeaderKey
	keyOptional bool
	operations  []schemas.Operation

	// chat has the known quirks. Only of OpenAI, Azure and OpenRouter it is known that they
	// take the role "developer"; "system" means the same everywhere. "max_tokens" is what
	// every server has known from the beginning, so it is sent wherever no page says that
	// "max_completion_tokens" is known.
	chat openai.ChatOptions

	// responsesOnly are the beginnings of the names of models whose chats are made by the
	// Responses API, since they have no chat completions, and responses says how; an empty
	// one means all models.
	responsesOnly []string
	responses     openai.ResponsesOptions

	signedVectors bool // vectors are base64 of signed bytes
}

var (
	chatOnly = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
		schemas.OperationListModels, schemas.OperationRaw}
	chatAndEmbeddings = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
		schemas.OperationEmbeddings, schemas.OperationListModels, schemas.OperationRaw}
	ofOpenAI = with(chatAndEmbeddings, schemas.OperationCompletion, schemas.OperationModeration,
		schemas.OperationImage, schemas.OperationSpeech, schemas.OperationTranscription, schemas.OperationTranslation,
		schemas.OperationResponses, schemas.OperationFiles, schemas.OperationBatches)
)

// with returns operations and more of them.
func with(operations []schemas.Operation, more ...schemas.Operation) []schemas.Operation {
	return slices.Concat(operations, more)
}

// table lists the OpenAI-compatible providers. The comment above a row says where its
// facts were read.
var table = slices.Concat(cloudRows, localRows)

// options returns what the row's adapter is made of.
func (r *row) options() adapter.Options {
	codec := openai.Codec{Chat: r.chat, AsksUsage: !r.chat.NoStreamOptions, SignedBytes: r.signedVectors}
	opts := adapter.Options{Type: r.name, BaseURL: r.baseURL, Credential: r.auth, KeyOptional: r.keyOptional,
		Operations: r.operations, Codec: codec, ResponsesOnly: r.responsesOnly,
		Route: func(_ string, call *dialect.Call) error { return plainly(r.chat, openai.PathChat, call) }}
	codec.Responses = &r.responses
	for _, prefix := range r.responsesOnly {
		opts.ModelCodecs = append(opts.ModelCodecs, adapter.ModelCodec{Prefix: prefix, Codec: codec})
	}
	return opts
}

// prefix returns the row's version prefix.
func (r *row) prefix() string { return cmp.Or(r.version, defaultVersion) }
