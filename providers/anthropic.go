package providers

import (
	"net/http"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/schemas"
)

// TypeAnthropic is the type of Anthropic's own API.
const TypeAnthropic = "anthropic"

// anthropicOptions are the options of a provider that speaks Anthropic's dialect.
// https://docs.anthropic.com/en/api/overview: the key is in a header of its own, and
// every call names the version of the API. A caller's own version, and betas, win.
func anthropicOptions() adapter.Options {
	return adapter.Options{
		Type: TypeAnthropic, BaseURL: "https://api.anthropic.com",
		Codec:      anthropic.Codec{},
		Credential: adapter.HeaderKey{Name: "X-Api-Key"},
		Header:     http.Header{"Anthropic-Version": {anthropic.Version}},
		Route: func(_ string, call *dialect.Call) error {
			if call.Path == anthropic.PathMessages || call.Path == anthropic.PathCountTokens {
				call.Body = anthropic.WithoutForeign(call.Body)
			}
			return nil
		},
		Operations: with(anthropicChat, schemas.OperationBatches, schemas.OperationFiles),
	}
}

// anthropicChat are the operations of the Messages API but for its batches.
var anthropicChat = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
	schemas.OperationCountTokens, schemas.OperationListModels, schemas.OperationRaw}
