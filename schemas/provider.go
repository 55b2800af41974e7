package schemas

import (
	"context"
	"net/http"
	"strings"
)

// Provider makes calls to one LLM provider. It is safe for concurrent use: N
// workers call it at once.
//
// A Provider that holds resources also implements io.Closer. Close is called
// once, after the last Call and the last use of its responses, unless the
// provider was handed to Init by the program, which closes it itself.
type Provider interface {
	// Describe says what the provider can do. It is constant and cheap.
	Describe() ProviderInfo

	// Call makes exactly one attempt; retries are the runtime's. It blocks until
	// the answer is there or, for a stream or a raw call, until its first
	// content is, so that an error before it can still be retried. It returns
	// soon after ctx ends. Errors are *Error; anything else counts as internal.
	// ctx covers the whole response, its stream or body included. The request
	// is not modified.
	//
	// The *Response passes to the runtime, which writes into it, and from there to
	// the caller: the provider makes a new one for each call, with all that it
	// points to, and neither keeps nor shares it.
	Call(ctx context.Context, attempt *Attempt) (*Response, error)
}

// Attempt is one try of a request.
type Attempt struct {
	Request *Request
	Key     Key // the zero Key for a provider without keys
	Number  int // 1 for the first

	// WantUsage tells that somebody wants to know the tokens that the provider counts: if
	// it counts them only where it is asked to, it is asked to, and the caller does not see
	// it in the answer. False: nothing is done for it.
	WantUsage bool

	// Header is sent with the attempt beside the call's own: what the program's hooks
	// want there, such as traceparent. It replaces what the caller of a raw call sent
	// under the same names; credentials, configured headers and those of the connection
	// are not its affair. Nil: there is none. It is read-only.
	Header http.Header
}

// Dialect names a wire format.
type Dialect string

// The dialects. Callers use the first three; the others are providers' own.
const (
	DialectOpenAI    Dialect = "openai"    // chat completions, the Responses API and their siblings
	DialectAnthropic Dialect = "anthropic" // the Messages API
	DialectGemini    Dialect = "gemini"    // generateContent and its siblings
	DialectBedrock   Dialect = "bedrock"   // Amazon's Converse API
	DialectCohere    Dialect = "cohere"    // Cohere's API, version 2
)

// ProviderInfo describes a provider's abilities.
type ProviderInfo struct {
	Type        string
	Dialect     Dialect
	Operations  []Operation
	KeyOptional bool // true: works without a key

	// ModelDialects are exceptions to Dialect: models that the provider serves in
	// another one.
	ModelDialects []ModelDialect

	// ResponsesOnly are the beginnings of the names of models that the provider, which
	// speaks OpenAI's dialect, serves by the Responses API only; an empty one means all.
	// Calls of chat completions for them are translated.
	ResponsesOnly []string

	// Models are the only models that are found at the provider by their bare name,
	// unless its keys list others; with the provider's name before it any model may
	// be asked for. Empty means that it may have any.
	Models []string

	// Configured are models that the provider's settings name, as Azure's deployments:
	// they are among its models, whether it lists them or not.
	Configured []string
}

// ModelDialect is the dialect of the models whose name begins with Prefix.
type ModelDialect struct {
	Prefix  string
	Dialect Dialect
}

// DialectOf returns the dialect in which the provider serves a model.
func (i ProviderInfo) DialectOf(model string) Dialect {
	for _, m := range i.ModelDialects {
		if strings.HasPrefix(model, m.Prefix) {
			return m.Dialect
		}
	}
	return i.Dialect
}

// OnlyResponses reports whether the provider serves a model by the Responses API only.
func (i ProviderInfo) OnlyResponses(model string) bool {
	for _, prefix := range i.ResponsesOnly {
		if strings.HasPrefix(model, prefix) {
			return true
		}
	}
	return false
}

// Supports reports whether op is among the provider's operations.
func (i ProviderInfo) Supports(op Operation) bool {
	for _, o := range i.Operations {
		if o == op {
			return true
		}
	}
	return false
}
