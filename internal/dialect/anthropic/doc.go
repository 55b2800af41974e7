// Package anthropic is the codec of Anthropic's Messages API
// (https://docs.anthropic.com/en/api/messages): messages, their streams, token
// counts, model lists and error bodies, to and from the canonical form of package
// schemas. Names and types were read in github.com/anthropics/anthropic-sdk-typescript.
//
// Decoders tolerate unknown fields and refuse what is not the dialect.
package anthropic

// Paths of the operations, after the version prefix.
const (
	PathMessages    = "/messages"
	PathCountTokens = "/messages/count_tokens"
	PathModels      = "/models"

	// Calls of these, and of what is below them, are raw ones.
	pathBatches = "/messages/batches"
	pathFiles   = "/files"
)

// Version is the version of the API that this package knows, as the value of the
// header "anthropic-version", without which no call is answered.
const Version = "2023-06-01"

// DefaultMaxTokens is sent where the caller gave no limit: the dialect requires one.
// A budget for thinking is added to it. Every model allows as much.
const DefaultMaxTokens = 4096

// The types of a content block.
const (
	blockText       = "text"
	blockImage      = "image"
	blockDocument   = "document"
	blockThinking   = "thinking"
	blockRedacted   = "redacted_thinking"
	blockToolUse    = "tool_use"
	blockToolResult = "tool_result"
)

// The roles of a message in the canonical form.
const (
	roleSystem    = "system"
	roleDeveloper = "developer"
	roleUser      = "user"
	roleAssistant = "assistant"
	roleTool      = "tool"
)
