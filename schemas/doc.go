// Package schemas is Bifrost's public vocabulary: configuration, requests,
// responses, streams, errors and the interfaces that a program implements
// (Account, Provider).
//
// It holds nouns, not behaviour: nothing here blocks, starts a goroutine or
// opens a socket, and it imports the standard library only. Values are plain
// data. A request is read-only from the moment it is handed to a client, and may be
// shared by any number of concurrent calls: Bifrost never writes to it. After a call
// that returned because its context had ended, or whose stream was closed early,
// the provider's adapter may still be reading the request: never change one after
// such a call, make a new one.
//
// The canonical form of a chat follows OpenAI's chat completions API
// (https://platform.openai.com/docs/api-reference/chat), and is what calls are
// translated through between dialects. That of responses, files and batches is
// OpenAI's own.
package schemas
