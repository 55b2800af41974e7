package providers

import (
	"bifrost/internal/adapter"
	"bifrost/internal/dialect/cohere"
	"bifrost/schemas"
)

// TypeCohere is the type of Cohere's API.
const TypeCohere = "cohere"

// cohereVersion is the version of most paths. A base URL that ends in it means the same.
const cohereVersion = "/v2"

// cohereOptions are the options of a provider that speaks Cohere's dialect.
// https://docs.cohere.com/reference/about
func cohereOptions() adapter.Options {
	return adapter.Options{
		Type: TypeCohere, BaseURL: "https://api.cohere.com",
		Codec:      cohere.Codec{},
		Credential: adapter.Bearer,
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationEmbeddings,
			schemas.OperationRerank, schemas.OperationListModels, schemas.OperationRaw},
	}
}
