// Package dialect is what the wire dialects share: the interfaces that adapters and
// the client see of one, and the rules that hold in each of them. A dialect is a
// package below this one.
//
// Every request that changes its dialect on the way goes through the canonical form
// of package schemas, which follows OpenAI's chat completions:
//
//	caller ─ Surface.Translate ─▶ schemas.Request  ─ Codec.Encode ─▶ provider
//	caller ◀─ Translation ─────── schemas.Response ◀─ Codec.Decode ─ provider
//
// Codec is the provider's side of a dialect, Surface the caller's; Bedrock and Cohere
// have no callers of their own. All of it is pure: no connection, no goroutine, and
// no clock but for a Retry-After given as a date. Nothing that is given is modified.
//
// Errors are *schemas.Error: of kind invalid_request for what a caller asks, of kind
// unsupported_operation for what a dialect cannot carry, and of kind upstream for a
// provider's answer. They never quote what they are about.
//
// What a dialect cannot carry is never lost in silence. Either it changes what the
// caller means, and is refused; or it does not, and its field is named in the result
// of Encode. Which is which is written in docs/translation.md.
package dialect
